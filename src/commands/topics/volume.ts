import { UsageError } from "../../errors.ts";
import { askYes } from "../ask.ts";
import { printRows } from "../print-rows.ts";
import { Flags, several } from "../verb.ts";
import { done, eachVerb, engineVerb, filterFlag, inspectVerb, readFilters, readPairs } from "./engine-verb.ts";
import { formatFlag, quietFlag } from "./list-flags.ts";
import { prunedVolumes, showPruned, untouched } from "./pruned.ts";

type VolumeLine = Readonly<Record<"Driver" | "Name" | "Mountpoint" | "Scope", string>>;

/** `docker volume ls`. */
export const ls = engineVerb({
  summary: "List volumes",
  flags: {
    filter: filterFlag,
    format: formatFlag,
    quiet: quietFlag("names"),
  },
  run: async ({ engine, flags }) => {
    const { Volumes } = await engine.volumeList({ filters: readFilters(flags.filter) });
    const rows = (Volumes ?? [])
      .toSorted((a, b) => (a.Name < b.Name ? -1 : 1))
      .map(({ Driver, Name, Mountpoint, Scope }): VolumeLine => ({ Driver, Name, Mountpoint, Scope }));
    printRows(rows, flags, ({ Name }) => Name, { columns, fields: ["Driver", "Name", "Mountpoint", "Scope"] });
    return { data: { volumes: rows } };
  },
});

const columns = [
  { heading: "DRIVER", cell: ({ Driver }: VolumeLine) => Driver },
  { heading: "VOLUME NAME", cell: ({ Name }: VolumeLine) => Name },
];

export const inspect = inspectVerb("volumes", (engine, name) => engine.volumeInspect({ name }));

export const create = engineVerb({
  summary: "Make a volume",
  words: "name",
  optional: true,
  flags: {
    driver: Flags.string({ char: "d", default: "local", helpValue: "<name>", description: "its driver; local" }),
    label: Flags.string({ ...several, helpValue: "<name=value>", description: "add a label" }),
    opt: Flags.string({ ...several, char: "o", helpValue: "<name=value>", description: "an option of the driver" }),
  },
  run: async ({ engine, words: [name, ...rest], flags }) => {
    if (rest.length > 0) throw new UsageError("create takes one name");
    const { Name } = await engine.volumeCreate({
      body: {
        ...(name !== undefined && { Name: name }),
        Driver: flags.driver,
        DriverOpts: readPairs(flags.opt),
        Labels: readPairs(flags.label),
      },
    });
    if (!flags.json) process.stdout.write(`${Name}\n`);
    return { data: { changes: [done("create-volume", Name)] } };
  },
});

export const rm = eachVerb({
  summary: "Remove volumes",
  action: "remove-volume",
  words: "volumes",
  flags: { force: Flags.boolean({ char: "f", description: "not there is as good as removed" }) },
  act: ({ engine, flags }, name) => engine.volumeRemove({ name, force: flags.force === true }),
});

export const prune = engineVerb({
  summary: "Remove volumes that no container uses",
  flags: {
    all: Flags.boolean({ char: "a", description: "those with a name too" }),
    filter: filterFlag,
    force: Flags.boolean({ char: "f", description: "do not ask" }),
  },
  run: async ({ engine, flags }) => {
    const what = flags.all ? "all volumes" : "all anonymous volumes";
    if (!flags.force && !(await askYes(`This removes ${what} without a container. Are you sure?`))) return untouched;
    const filters = { ...readFilters(flags.filter), ...(flags.all === true && { all: ["true"] }) };
    const pruned = await engine.volumePrune({ filters });
    return showPruned(prunedVolumes(pruned), pruned.SpaceReclaimed, flags);
  },
});
