/** The figures as lines on the screen, and as a table in docs/benchmarks.md. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";

const ms = (value) => (value === undefined ? "" : value < 100 ? value.toFixed(1) : value.toFixed(0));
const ratio = ({ ours, theirs }) => (theirs === undefined ? "" : (ours / theirs).toFixed(2));

export const heading = `${"work (ms, medians)".padEnd(52)} ${"gantry".padStart(8)} ${"compose".padStart(8)} ${"ratio".padStart(6)}`;

export function formatRow(row) {
  return `${row.work.padEnd(52)} ${ms(row.ours).padStart(8)} ${ms(row.theirs).padStart(8)} ${ratio(row).padStart(6)}`;
}

/**
 * Replaces the engine's section of the report. What stands above the first section is written by people and stays.
 *
 * @param about `{ gantry, compose, engine, runs, embedded }`: the versions, the engine's as its /version answers, how many
 *   runs, and whether gantry worked on its own engine
 */
export function writeReport(file, rows, { gantry, compose, engine, runs, embedded }) {
  const title = embedded
    ? `## On gantry's own engine, beside dockerd ${engine.Version}`
    : `## On dockerd ${engine.Version}`;
  const before = existsSync(file) ? readFileSync(file, "utf8") : "# Benchmarks\n";
  const [head, ...sections] = before.split(/^(?=## On (?:dockerd|gantry's own engine))/m);
  const others = sections.filter((section) => !section.startsWith(`${title}\n`));
  const section = [
    title,
    "",
    `gantry ${gantry}, docker compose ${compose ?? "not installed"}, API ${engine.ApiVersion}, node ${process.version},`,
    `${os.cpus().length} cores, Linux ${os.release()}, ${new Date().toISOString().slice(0, 10)}; medians of ${runs} runs (3 to 5 of the long ones).`,
    "",
    "| work | gantry (ms) | docker compose (ms) | ratio |",
    "|---|---:|---:|---:|",
    ...rows.map((row) => `| ${row.work} | ${ms(row.ours)} | ${ms(row.theirs)} | ${ratio(row)} |`),
  ].join("\n");
  const parts = [head, ...others, section].map((part) => part.trim());
  writeFileSync(file, `${parts.join("\n\n")}\n`);
}
