import { type ContainerRow, containerFields, containerRow } from "../../ui/container-row.ts";
import { jsonLogWriter } from "../../ui/log-json.ts";
import { askYes } from "../ask.ts";
import { openLog } from "../container-output.ts";
import { mostWaiting } from "../follow.ts";
import { timeoutFlag } from "../planning-flags.ts";
import { printRows } from "../print-rows.ts";
import { drained } from "../screen.ts";
import { parseTime } from "../time-flag.ts";
import { Flags } from "../verb.ts";
import { eachVerb, engineVerb, filterFlag, inspectVerb, readFilters } from "./engine-verb.ts";
import { formatFlag, quietFlag } from "./list-flags.ts";
import { prunedContainers, showPruned, untouched } from "./pruned.ts";

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
    return { data: { containers: rows } };
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
  action: "start-container",
  words,
  act: ({ engine }, id) => engine.containerStart({ id }),
});

export const stop = eachVerb({
  summary: "Stop containers",
  action: "stop-container",
  words,
  flags: { signal, timeout },
  act: ({ engine, flags: { timeout: t, signal: name } }, id) =>
    engine.containerStop({ id, ...(t !== undefined && { t }), ...(name !== undefined && { signal: name }) }),
});

export const restart = eachVerb({
  summary: "Restart containers",
  action: "restart-container",
  words,
  flags: { timeout },
  act: ({ engine, flags: { timeout: t } }, id) => engine.containerRestart({ id, ...(t !== undefined && { t }) }),
});

export const kill = eachVerb({
  summary: "Send a signal to containers",
  action: "kill-container",
  words,
  flags: { signal },
  act: ({ engine, flags: { signal: name } }, id) =>
    engine.containerKill({ id, ...(name !== undefined && { signal: name }) }),
});

export const pause = eachVerb({
  summary: "Pause containers",
  action: "pause-container",
  words,
  act: ({ engine }, id) => engine.containerPause({ id }),
});

export const unpause = eachVerb({
  summary: "Unpause containers",
  action: "unpause-container",
  words,
  act: ({ engine }, id) => engine.containerUnpause({ id }),
});

export const rm = eachVerb({
  summary: "Remove containers",
  action: "remove-container",
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
  run: async ({ engine, words: ids, flags }) => {
    const ends = ids.map(async (container) => ({
      container,
      exitCode: (await engine.containerWait({ id: container })).StatusCode,
    }));
    for (const end of flags.json ? [] : ends) process.stdout.write(`${(await end).exitCode}\n`);
    return { data: { exits: await Promise.all(ends) } };
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
      stamped: flags.timestamps === true || flags.json === true,
      ...(flags.since !== undefined && { since: parseTime("since", flags.since, now) }),
      ...(flags.until !== undefined && { until: parseTime("until", flags.until, now) }),
      ...(flags.tail !== undefined && { tail: flags.tail }),
    };
    const json = jsonLogWriter((_, line) => process.stdout.write(line));
    for await (const batch of openLog(engine, { id, name: id }, query)) {
      for (const { stream, data, stamp } of batch) {
        if (flags.json) json.data(id, stream, data, stamp);
        else process[stream].write(flags.timestamps ? Buffer.concat([Buffer.from(`${stamp} `), data]) : data);
      }
      await drained(process.stdout, mostWaiting);
    }
    json.end(id);
  },
});

export const prune = engineVerb({
  summary: "Remove all stopped containers",
  flags: { filter: filterFlag, force: Flags.boolean({ char: "f", description: "do not ask" }) },
  run: async ({ engine, flags }) => {
    if (!flags.force && !(await askYes("This removes all stopped containers. Are you sure?"))) return untouched;
    const pruned = await engine.containerPrune({ filters: readFilters(flags.filter) });
    return showPruned(prunedContainers(pruned), pruned.SpaceReclaimed, flags);
  },
});
