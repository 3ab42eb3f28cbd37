#!/usr/bin/env node
/**
 * `npm run bench`: what gantry takes beside docker compose, on the same engine in the same run. Medians of whole
 * processes in milliseconds, the two tools taking turns; only the ratios are comparable between machines.
 *
 *   node scripts/bench.mjs [--runs 7] [--services 1,10,50] [--only WORD] [--write]
 *
 * Needs an engine (DOCKER_HOST, else /var/run/docker.sock) and /bin/busybox (Debian's busybox-static): its image is made
 * here, nothing is pulled. docker compose is measured where `docker compose version` answers. --write puts the table
 * into docs/benchmarks.md.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const image = "gantry-bench:1";
const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "7" },
    services: { type: "string", default: "1,10,50" },
    only: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});
const runs = Number(flags.runs);
const sizes = flags.services.split(",").map(Number);
const host = process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock";
const folder = mkdtempSync(path.join(os.tmpdir(), "gantry-bench-"));

/** One process, whole: its wall time in milliseconds. Fails loudly when the tool fails. */
function time(command, args, cwd) {
  const start = process.hrtime.bigint();
  const done = spawnSync(command, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DOCKER_HOST: host },
  });
  const took = Number(process.hrtime.bigint() - start) / 1e6;
  if (done.status !== 0) {
    throw new Error(`${command} ${args.join(" ")} exited ${done.status}: ${done.stderr}${done.error ?? ""}`);
  }
  return took;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const gantry = {
  name: "gantry",
  run: (args, cwd) => time(process.execPath, [path.join(root, "bin/gantry"), ...args], cwd),
};
const compose = { name: "docker compose", run: (args, cwd) => time("docker", ["compose", ...args], cwd) };
const composeVersion = versionOf("docker", ["compose", "version", "--short"]);
const tools = composeVersion === undefined ? [gantry] : [gantry, compose];

function versionOf(command, args) {
  const done = spawnSync(command, args, { encoding: "utf8", env: { ...process.env, DOCKER_HOST: host } });
  return done.status === 0 ? done.stdout.trim() : undefined;
}

const rows = [];

/** Measures one piece of work for every tool, taking turns; `before` and `after` are not measured. */
function measure(work, args, { cwd = folder, before, after, repeat = runs } = {}) {
  if (flags.only !== "" && !work.includes(flags.only)) return;
  const samples = new Map(tools.map((tool) => [tool.name, []]));
  for (let run = 0; run < repeat; run++) {
    for (const tool of run % 2 === 0 ? tools : tools.toReversed()) {
      before?.(tool);
      samples.get(tool.name).push(tool.run(args, cwd));
      after?.(tool);
    }
  }
  const [ours, theirs] = tools.map((tool) => median(samples.get(tool.name)));
  rows.push({ work, ours, theirs });
  console.log(formatRow({ work, ours, theirs }));
}

const ms = (value) => (value === undefined ? "" : value < 100 ? value.toFixed(1) : value.toFixed(0));
const ratio = (row) => (row.theirs === undefined ? "" : (row.ours / row.theirs).toFixed(2));
const formatRow = (row) =>
  `${row.work.padEnd(52)} ${ms(row.ours).padStart(8)} ${ms(row.theirs).padStart(8)} ${ratio(row).padStart(6)}`;

/** A folder with a compose file of n services; every container runs a shell that ends at once on SIGTERM. */
function project(name, services) {
  const cwd = path.join(folder, name);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(path.join(cwd, "compose.yaml"), services);
  return cwd;
}

const command = `["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 1000000 & wait"]`;

function plainServices(count, marker = "") {
  const lines = ["services:"];
  for (let i = 1; i <= count; i++) {
    lines.push(
      `  s${i}:`,
      `    image: ${image}`,
      `    command: ${command}`,
      "    environment:",
      `      NUMBER: "${i}${i === count ? marker : ""}"`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function richServices(count) {
  const lines = ["services:"];
  for (let i = 1; i <= count; i++) {
    lines.push(
      `  s${i}:`,
      `    image: ${image}`,
      `    command: ${command}`,
      "    restart: unless-stopped",
      "    environment:",
    );
    for (let v = 0; v < 8; v++) lines.push(`      VARIABLE_${v}: value-\${NAME_${v}:-default}-${i}`);
    lines.push(
      "    ports:",
      `      - "${20000 + i}:80"`,
      "    volumes:",
      `      - data${i}:/data`,
      "      - ./src:/src:ro",
    );
    lines.push(
      "    healthcheck:",
      '      test: ["CMD", "true"]',
      "      interval: 10s",
      "      retries: 3",
      "    labels:",
      `      com.example.n: "${i}"`,
    );
    if (i > 1) lines.push("    depends_on:", `      s${i - 1}:`, "        condition: service_healthy");
  }
  lines.push("volumes:");
  for (let i = 1; i <= count; i++) lines.push(`  data${i}:`);
  return `${lines.join("\n")}\n`;
}

function healthChain(length, timing) {
  const lines = ["services:"];
  for (let i = 1; i <= length; i++) {
    lines.push(
      `  s${i}:`,
      `    image: ${image}`,
      `    command: ${command}`,
      "    healthcheck:",
      '      test: ["CMD", "/bin/true"]',
      ...timing.map((line) => `      ${line}`),
    );
    if (i > 1) lines.push("    depends_on:", `      s${i - 1}:`, "        condition: service_healthy");
  }
  return `${lines.join("\n")}\n`;
}

function request(method, requestPath, body) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const address = host.startsWith("unix://")
    ? { socketPath: host.slice(7) }
    : { host: new URL(host).hostname, port: new URL(host).port };
  const call = http.request(
    { ...address, method, path: requestPath, headers: body ? { "content-type": "application/x-tar" } : {} },
    (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        answer.statusCode < 300
          ? resolve(text)
          : reject(new Error(`${method} ${requestPath}: ${answer.statusCode} ${text}`));
      });
    },
  );
  call.on("error", reject);
  call.end(body);
  return promise;
}

async function makeImage() {
  if (!existsSync("/bin/busybox")) throw new Error("bench needs /bin/busybox (apt-get install busybox-static)");
  const rootfs = path.join(folder, "rootfs");
  mkdirSync(path.join(rootfs, "bin"), { recursive: true });
  copyFileSync("/bin/busybox", path.join(rootfs, "bin/busybox"));
  for (const applet of ["sh", "sleep", "true"]) symlinkSync("busybox", path.join(rootfs, "bin", applet));
  const tar = execFileSync("tar", ["-C", rootfs, "-c", "."], { maxBuffer: 1 << 28 });
  const [repo, tag] = image.split(":");
  await request("POST", `/images/create?fromSrc=-&repo=${repo}&tag=${tag}`, tar);
}

function startUp() {
  const node = [];
  const own = [];
  for (let run = 0; run < Math.max(runs, 15); run++) {
    node.push(time(process.execPath, ["-e", "0"], folder));
    own.push(gantry.run(["version", "--short"], folder));
  }
  rows.push({ work: "`version` beside an empty node program", ours: median(own), theirs: median(node) });
  console.log(formatRow(rows.at(-1)));
}

function stacks() {
  for (const size of sizes) {
    const cwd = project(`up${size}`, plainServices(size));
    const plural = size === 1 ? "service" : "services";
    const down = (tool) => tool.run(["down", "-t", "0"], cwd);
    const up = (tool) => tool.run(["up", "-d"], cwd);
    const few = size >= 50 ? Math.min(runs, 5) : runs;
    measure(`\`up -d\`, ${size} ${plural}`, ["up", "-d"], { cwd, after: down, repeat: few });
    for (const [work, args] of [
      [`no-op \`up -d\`, ${size} ${plural}`, ["up", "-d"]],
      [`\`ps\`, ${size} ${plural}`, ["ps"]],
    ]) {
      if (flags.only !== "" && !work.includes(flags.only)) continue;
      // Each tool meets a stack that it made itself: taken over, it would be made anew.
      const samples = tools.map((tool) => {
        up(tool);
        up(tool);
        const took = Array.from({ length: runs }, () => tool.run(args, cwd));
        down(tool);
        return median(took);
      });
      rows.push({ work, ours: samples[0], theirs: samples[1] });
      console.log(formatRow(rows.at(-1)));
    }
    measure(`\`down -t 0\`, ${size} ${plural}`, ["down", "-t", "0"], { cwd, before: up, repeat: few });
  }
}

async function main() {
  await makeImage();
  const engine = JSON.parse(await request("GET", "/version"));
  const startInterval = Number(engine.ApiVersion.split(".")[1]) >= 44;
  console.log(
    `${"work (ms, medians)".padEnd(52)} ${"gantry".padStart(8)} ${"compose".padStart(8)} ${"ratio".padStart(6)}`,
  );
  if (flags.only === "" || "version".includes(flags.only)) startUp();
  measure("`version`", ["version"]);
  measure("`config`, 3 services", ["config"], { cwd: project("config3", richServices(3)) });
  measure("`config -q`, 100 services", ["config", "-q"], { cwd: project("config100", richServices(100)) });
  stacks();
  const after = (cwd) => (tool) => tool.run(["down", "-t", "0"], cwd);
  const slow = project("chain1s", healthChain(5, ["interval: 1s", "retries: 30"]));
  measure("five `service_healthy` in a chain, interval 1 s", ["up", "-d"], {
    cwd: slow,
    after: after(slow),
    repeat: Math.min(runs, 3),
  });
  if (startInterval) {
    const quick = project(
      "chain100ms",
      healthChain(5, ["interval: 30s", "start_period: 30s", "start_interval: 100ms"]),
    );
    measure("the same, start_interval 100 ms", ["up", "-d"], {
      cwd: quick,
      after: after(quick),
      repeat: Math.min(runs, 3),
    });
  }
  if (flags.write) writeReport(engine);
}

function writeReport(engine) {
  const version = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")).version;
  const marker = "<!-- written by npm run bench -- --write -->";
  const lines = [
    marker,
    `gantry ${version}, docker compose ${composeVersion ?? "not installed"}, engine ${engine.Version} (API ${engine.ApiVersion}), node ${process.version}, ${os.cpus().length} cores, Linux ${os.release()}, ${new Date().toISOString().slice(0, 10)}, medians of ${runs} runs.`,
    "",
    "| work | gantry (ms) | docker compose (ms) | ratio |",
    "|---|---:|---:|---:|",
    ...rows.map((row) => `| ${row.work} | ${ms(row.ours)} | ${ms(row.theirs)} | ${ratio(row)} |`),
  ];
  const file = path.join(root, "docs/benchmarks.md");
  const before = existsSync(file) ? readFileSync(file, "utf8") : `# Benchmarks\n\n${marker}\n`;
  const engineHeading = `## On dockerd ${engine.Version}`;
  const head = before.split("\n## On dockerd ")[0].trimEnd();
  const sections = before
    .split(/^(?=## On dockerd )/m)
    .slice(1)
    .filter((section) => !section.startsWith(engineHeading));
  const intro = head.includes(marker) ? head.split(marker)[0].trimEnd() : head;
  writeFileSync(
    file,
    `${[intro, ...sections.map((s) => s.trimEnd()), `${engineHeading}\n\n${lines.slice(1).join("\n")}`].join("\n\n")}\n`,
  );
}

try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
