import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type FlagShape, spellOut } from "../../src/commands/argv.ts";
import { withoutIdle } from "../../src/commands/find-verb.ts";
import { globalFlags } from "../../src/commands/global-flags.ts";
import type { VerbClass } from "../../src/commands/verb.ts";
import { topics, verbs } from "../../src/commands/verbs.ts";
import { readersOf } from "./flag-readers.ts";

/** Flags of the table that gantry does not know yet, and commands. What is added must be taken off this list. */
const missingCommands: readonly string[] = [];
const missingFlags: readonly string[] = [];

interface TableFlag {
  readonly long: string;
  readonly char: string | undefined;
  /** `bool=false`, `str[]`, `int=0`, … */
  readonly kind: string;
  readonly idle: boolean;
}

const table = readTable(readFileSync(path.join(import.meta.dirname, "docker-compose-flags.txt"), "utf8"));

describe("the table of docker compose's commands", () => {
  it("was read whole", () => {
    expect(table.size).toBe(44);
    expect([...table.values()].flat().length).toBe(233);
  });

  it("has no command that gantry has not", () => {
    const known = new Set(["", ...verbs.keys(), ...topics.keys()]);
    expect([...table.keys()].filter((command) => !known.has(command))).toEqual(missingCommands);
  });
});

const known = [...table].filter(([command, flags]) => flags.length > 0 && (command === "" || verbs.has(command)));

describe.each(known)("docker compose %s", (command, flags) => {
  it.each(flags.filter(({ long }) => !missingFlags.includes(`${command} --${long}`)))(
    "takes --$long, and does what it says",
    async (flag) => {
      const verb = command === "" ? undefined : await verbs.get(command)?.load();
      if (flag.idle && verb?.idle.includes(flag.long)) {
        expect(withoutIdle([`--${flag.long}`], verb)).toEqual({ kept: [], idle: [`--${flag.long}`] });
        return;
      }
      const [name, shape] = shapeOf(flag, verb);
      expect(shape).toMatchObject({
        type: flag.kind.startsWith("bool") ? "boolean" : "option",
        ...(flag.kind.includes("[]") && { multiple: true }),
        ...(flag.char !== undefined && { char: flag.char }),
      });
      for (const written of spellingsOf(flag)) expect(read(written, verb)).toEqual(read(spelledOut(name, shape), verb));
      if (!flag.idle) expect(readersOf(name, command, verb)).not.toEqual([]);
    },
  );
});

it("finds no reader for a flag that nothing reads", () => {
  expect(readersOf("never-read", "up", undefined)).toEqual([]);
  expect(readersOf("unheard", "up", undefined)).toEqual([]);
});

describe("what is still missing", () => {
  it("is missing", async () => {
    const known = missingFlags.filter((words) => {
      const [command = "", flag = ""] = words.split(" --");
      return table.get(command)?.some(({ long }) => long === flag) !== true;
    });
    expect(known).toEqual([]);
    const there = await Promise.all(
      missingFlags.map(async (words) => {
        const [command = "", flag = ""] = words.split(" --");
        const own = (await verbs.get(command)?.load())?.flags ?? {};
        return flag in own ? [words] : [];
      }),
    );
    expect(there.flat()).toEqual([]);
  });
});

/** `-f --file  str[]` below `# docker compose up`. */
function readTable(text: string): ReadonlyMap<string, readonly TableFlag[]> {
  const sections = text.split(/^# docker compose ?/m).slice(1);
  return new Map(
    sections.map((section) => {
      const [command = "", ...lines] = section.split("\n");
      const flags = lines.flatMap((line): TableFlag[] => {
        const [, char, long, kind] = /^(?:-(\w) )?--([\w-]+) {2}(.*)$/.exec(line) ?? [];
        if (long === undefined || kind === undefined) return [];
        return [{ long, char, kind, idle: kind.endsWith(" idle") }];
      });
      return [command, flags];
    }),
  );
}

/** The flag's definition and its name in the code: of an old spelling, that of the new one. */
function shapeOf({ long }: TableFlag, verb: VerbClass | undefined): readonly [string, FlagShape] {
  const shapes: Readonly<Record<string, FlagShape>> = { ...globalFlags, ...verb?.flags, ...(!verb && rootOnly) };
  const found =
    Object.entries(shapes).find(([name]) => name === long) ??
    Object.entries(shapes).find(([, { aliases }]) => aliases?.includes(long));
  if (found === undefined) throw new Error(`there is no flag --${long}`);
  return found;
}

/** What only stands in front of a verb: main.ts. */
const rootOnly = { version: { type: "boolean", char: "v" } } as const;

function spellingsOf({ long, char, kind }: TableFlag): readonly string[][] {
  if (kind.startsWith("bool")) return [[`--${long}`], [`--${long}=true`], ...(char ? [[`-${char}`]] : [])];
  return [[`--${long}`, "7"], [`--${long}=7`], ...(char ? [[`-${char}`, "7"], [`-${char}7`]] : [])];
}

function spelledOut(name: string, { type }: FlagShape): string[] {
  return type === "boolean" ? [`--${name}`] : [`--${name}=7`];
}

function read(argv: readonly string[], verb: VerbClass | undefined): readonly string[] {
  const globals = verb === undefined ? { ...globalFlags, ...rootOnly } : globalFlags;
  return spellOut({ before: [], after: argv }, globals, verb?.flags ?? {}, verb);
}
