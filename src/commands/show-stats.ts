import type { ContainerStats, ContainerSummary, Engine } from "../engine/api.ts";
import { EngineError } from "../errors.ts";
import { nameOf } from "../reconcile/containers.ts";
import { envelope } from "../ui/envelope.ts";
import { type StatsRow, statsFields, statsHeadings, statsRow } from "../ui/stats-row.ts";
import { formatRows } from "./row-format.ts";
import { Flags } from "./verb.ts";

export const statsFlags = {
  all: Flags.boolean({ char: "a", description: "stopped containers too" }),
  format: Flags.string({
    helpValue: "<form>",
    description: "table, table TEMPLATE, json, or a Go template such as {{.Name}}",
  }),
  "no-stream": Flags.boolean({ description: "show one sample and end" }),
  "no-trunc": Flags.boolean({ description: "ids in full" }),
};

interface StatsFlags {
  readonly format?: string | undefined;
  readonly json?: boolean | undefined;
  readonly "no-stream"?: boolean | undefined;
  readonly "no-trunc"?: boolean | undefined;
}

/** How long samples are gathered until the table is drawn again, in milliseconds: containers are sampled once a second. */
const gathering = 100;

/**
 * Shows what containers use: once, or again and again until they have stopped; answers with what was seen last. Throws
 * UsageError for a format that is none.
 */
export async function showStats(engine: Engine, containers: readonly ContainerSummary[], flags: StatsFlags) {
  const { format } = flags;
  const isTable = !flags.json && (format === undefined || format === "" || /^table\b/.test(format));
  const samples = new Map<string, ContainerStats>();
  const rows = () =>
    containers.map((container) =>
      statsRow({ id: container.Id, name: nameOf(container) }, samples.get(container.Id), flags["no-trunc"] !== true),
    );
  const text = () =>
    flags.json
      ? envelope("stats", { containers: rows() })
      : formatRows(rows(), format, { columns, fields: statsFields, headings: statsHeadings });
  const answer = () => ({ data: { containers: rows() } });
  // Written at once, so that a format that is not understood is told before anything is waited for.
  const first = text();
  if (flags["no-stream"]) {
    await Promise.all(containers.map((container) => takeSample(engine, container, samples)));
    if (!flags.json) process.stdout.write(text());
    return answer();
  }
  const draw = drawer(process.stdout, isTable);
  if (containers.every(({ State }) => State !== "running")) {
    if (!flags.json) process.stdout.write(first);
    return answer();
  }
  await followSamples(engine, containers, samples, () => draw(text()));
  return answer();
}

const columns = (["ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"] as const).map(
  (field) => ({
    heading: field === "Name" ? "NAME" : statsHeadings[field],
    cell: (row: StatsRow) => row[field],
  }),
);

async function takeSample(
  engine: Engine,
  { Id: id, State }: ContainerSummary,
  samples: Map<string, ContainerStats>,
): Promise<void> {
  if (State !== "running" && State !== "paused") return;
  for await (const sample of await engine.containerStats({ id, stream: false })) samples.set(id, sample);
}

/** Keeps the newest sample of each container, and tells of new ones, several at once. Resolves when all have stopped. */
async function followSamples(
  engine: Engine,
  containers: readonly ContainerSummary[],
  samples: Map<string, ContainerStats>,
  changed: () => void,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      changed();
    }, gathering);
  };
  const follow = async ({ Id: id }: ContainerSummary) => {
    try {
      for await (const sample of await engine.containerStats({ id, stream: true })) {
        samples.set(id, sample);
        soon();
      }
    } catch (error) {
      if (!(error instanceof EngineError) || error.status !== 404) throw error;
    }
    samples.delete(id);
    soon();
  };
  try {
    await Promise.all(containers.filter(({ State }) => State === "running" || State === "paused").map(follow));
  } finally {
    clearTimeout(timer);
  }
  changed();
}

/** Writes a text; a table on a terminal over the one before. */
function drawer(out: NodeJS.WriteStream, isTable: boolean): (text: string) => void {
  let lines = 0;
  return (text) => {
    if (!isTable || !out.isTTY) {
      out.write(text);
      return;
    }
    const shown = text.split("\n").slice(0, -1);
    const fitting = shown.slice(0, Math.max(1, out.rows - 1)).map((line) => line.slice(0, out.columns));
    const up = lines === 0 ? "" : `\u001b[${lines}A`;
    out.write(`${up}${fitting.map((line) => `${line}\u001b[K\n`).join("")}\u001b[J`);
    lines = fitting.length;
  };
}
