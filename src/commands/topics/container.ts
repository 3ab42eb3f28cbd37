import { type ContainerRow, containerFields, containerRow } from "../../ui/container-row.ts";
import { sizeText } from "../../ui/size-text.ts";
import { askYes } from "../ask.ts";
import { openLog } from "../container-output.ts";
import { timeoutFlag } from "../planning-flags.ts";
import { printRows } from "../print-rows.ts";
import { parseTime } from "../time-flag.ts";
import { Flags } from "../verb.ts";
import { eachVerb, engineVerb, filterFlag, inspectVerb, readFilters } from "./engine-verb.ts";
import { formatFlag, quietFlag } from "./list-flags.ts";

const words = "containers";
const signal = Flags.string({ char: "s", helpValue: "<signal>", description: "the signal: TERM, SIGHUP, 9" });
const timeout = timeoutFlag();

/** `docker ps`. */
export const ls = engineVerb({
  summary: "List containers",
  flags: {
    all: Flags.boolean({ char: "a", description: "stopped ones too" }),
    filter: filterFlag,
    format: formatFlag,
    "no-trunc": Flags.boolean({ description: "ids and commands in full" }),
    quiet: quietFlag("ids"),
  },
  run: async ({ engine, flags }) => {
    const list = await engine.containerList({ all: flags.all === true, filters: readFilters(flags.filter) });
    const rows = list.map((container) => containerRow(container, Date.now(), flags["no-trunc"] !== true));
    printRows(rows, flags, ({ ID }) => ID, { columns, fields: containerFields });
  },
});

const columns = [
  { heading: "CONTAINER ID", cell: ({ ID }: ContainerRow) => ID },
  { heading: "IMAGE", cell: ({ Image }: ContainerRow) => Image },
  { heading: "COMMAND", cell: ({ Command }: ContainerRow) => Command },
  { heading: "CREATED", cell: ({ RunningFor }: ContainerRow) => RunningFor },
  { heading: "STATUS", cell: ({ Status }: ContainerRow) => Status },
  { heading: "PORTS", cell: ({ Ports }: ContainerRow) => Ports },
  { heading: "NAMES", cell: ({ Names }: ContainerRow) => Names },
];

export const inspect = inspectVerb(words, (engine, id) => engine.containerInspect({ id }));

export const start = eachVerb({
  summary: "Start containers",
  words,
  act: ({ engine }, id) => engine.containerStart({ id }),
});

export const stop = eachVerb({
  summary: "Stop containers",
  words,
  flags: { signal, timeout },
  act: ({ engine, flags: { timeout: t, signal: name } }, id) =>
    engine.containerStop({ id, ...(t !== undefined && { t }), ...(name !== undefined && { signal: name }) }),
});

export const restart = eachVerb({
  summary: "Restart containers",
  words,
  flags: { timeout },
  act: ({ engine, flags: { timeout: t } }, id) => engine.containerRestart({ id, ...(t !== undefined && { t }) }),
});

export const kill = eachVerb({
  summary: "Send a signal to containers",
  words,
  flags: { signal },
  act: ({ engine, flags: { signal: name } }, id) =>
    engine.containerKill({ id, ...(name !== undefined && { signal: name }) }),
});

export const pause = eachVerb({
  summary: "Pause containers",
  words,
  act: ({ engine }, id) => engine.containerPause({ id }),
});

export const unpause = eachVerb({
  summary: "Unpause containers",
  words,
  act: ({ engine }, id) => engine.containerUnpause({ id }),
});

export const rm = eachVerb({
  summary: "Remove containers",
  words,
  flags: {
    force: Flags.boolean({ char: "f", description: "running ones too: kill them" }),
    volumes: Flags.boolean({ char: "v", description: "their anonymous volumes too" }),
  },
  act: ({ engine, flags }, id) =>
    engine.containerRemove({ id, force: flags.force === true, v: flags.volumes === true }),
});

export const wait = engineVerb({
  summary: "Wait until containers stop, print their exit codes",
  words,
  run: async ({ engine, words: ids }) => {
    const ends = ids.map((id) => engine.containerWait({ id }));
    for (const end of ends) process.stdout.write(`${(await end).StatusCode}\n`);
  },
});

export const logs = engineVerb({
  summary: "Show a container's output",
  words: "container",
  flags: {
    follow: Flags.boolean({ char: "f", description: "go on until it stops" }),
    since: Flags.string({ helpValue: "<time>", description: "from this time on: 42m, 2026-11-24T05:00:00Z" }),
    tail: Flags.string({ char: "n", helpValue: "<n>", description: "the last lines only" }),
    timestamps: Flags.boolean({ char: "t", description: "with the times of the lines" }),
    until: Flags.string({ helpValue: "<time>", description: "up to this time" }),
  },
  run: async ({ engine, words: [id = ""], flags }) => {
    const now = Date.now();
    const query = {
      follow: flags.follow === true,
      stamped: flags.timestamps === true,
      ...(flags.since !== undefined && { since: parseTime("since", flags.since, now) }),
      ...(flags.until !== undefined && { until: parseTime("until", flags.until, now) }),
      ...(flags.tail !== undefined && { tail: flags.tail }),
    };
    for await (const batch of openLog(engine, { id, name: id }, query)) {
      for (const { stream, data, stamp } of batch) {
        process[stream].write(flags.timestamps ? Buffer.concat([Buffer.from(`${stamp} `), data]) : data);
      }
    }
  },
});

export const prune = engineVerb({
  summary: "Remove all stopped containers",
  flags: { filter: filterFlag, force: Flags.boolean({ char: "f", description: "do not ask" }) },
  run: async ({ engine, flags }) => {
    if (!flags.force && !(await askYes("This removes all stopped containers. Are you sure?"))) return;
    const pruned = await engine.containerPrune({ filters: readFilters(flags.filter) });
    if (flags.json) process.stdout.write(`${JSON.stringify(pruned)}\n`);
    else {
      const list = (pruned.ContainersDeleted ?? []).map((id) => `${id}\n`).join("");
      process.stdout.write(`${list}Total reclaimed space: ${sizeText(pruned.SpaceReclaimed, "decimal", 4)}\n`);
    }
  },
});
