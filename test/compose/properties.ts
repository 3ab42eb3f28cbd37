import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { parseDotenv } from "../../src/compose/dotenv.ts";
import { type Loaded, load } from "../../src/compose/load.ts";
import { merge } from "../../src/compose/merge.ts";
import type { Service } from "../../src/compose/model.ts";
import type { MappingNode } from "../../src/compose/node.ts";
import { parse } from "../../src/compose/parse.ts";
import { renderJson, renderYaml } from "../../src/compose/render.ts";
import { identity } from "../../src/compose/same.ts";
import { parseMount } from "../../src/compose/short/mounts.ts";
import { parsePorts } from "../../src/compose/short/ports.ts";
import { substitute } from "../../src/compose/template.ts";
import { ProjectError } from "../../src/errors.ts";

/** What holds for every input. `property` is made anew for each run, so that runs do not see each other. */
export interface Property {
  readonly title: string;
  readonly property: () => fc.IRawProperty<unknown, true> | fc.IRawProperty<unknown, false>;
}

const environment = new Map([
  ["HOME", "/home/user"],
  ["SET", "value"],
  ["EMPTY", ""],
]);
const lookup = (name: string) => environment.get(name);
/** Texts of the characters that a grammar knows, and of any others. */
const textOf = (parts: readonly string[]) =>
  fc
    .array(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...parts) }, fc.string({ maxLength: 4, unit: "binary" })))
    .map((words) => words.join(""));
const template = textOf(["$", "{", "}", ":", "-", "+", "?", "SET", "EMPTY", "UNSET", "$$", "${", "\n", "a"]);

/** Loads a project that is one text on standard input; undefined when it is refused with diagnostics. */
async function loadText(text: string): Promise<Loaded | undefined> {
  try {
    return await load({
      cwd: "/nowhere",
      environment,
      files: ["-"],
      readStdin: async () => text,
      profiles: ["*"],
      resolveEnvironment: false,
    });
  } catch (error) {
    if (error instanceof ProjectError && error.diagnostics.length > 0) return undefined;
    throw error;
  }
}

export const properties: readonly Property[] = [
  {
    title: "a template without a dollar is itself, and with every dollar doubled means itself",
    property: () =>
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const result = substitute(text.replaceAll("$", "$$$$"), lookup);
        return result.text === text && result.unset.length === 0 && result.fault === undefined;
      }),
  },
  {
    title: "a template gives a text or a fault, the same each time",
    property: () =>
      fc.property(template, (text) => isDeepStrictEqual(substitute(text, lookup), substitute(text, lookup))),
  },
  {
    title: "templates side by side give their texts side by side",
    property: () =>
      fc.property(template, template, (a, b) => {
        const [one, two, both] = [substitute(a, lookup), substitute(b, lookup), substitute(`${a}\n${b}`, lookup)];
        // A dollar at the very end takes nothing of the next line; a fault ends the whole.
        return one.fault || two.fault ? both.fault !== undefined : both.text === `${one.text}\n${two.text}`;
      }),
  },
  {
    title: "a value in single quotes comes out of an env file as it went in",
    property: () =>
      fc.property(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.]*$/), fc.string({ unit: "binary" }), (key, value) => {
        fc.pre(!value.includes("'") && !value.includes("\\") && !value.includes("\0"));
        fc.pre(key !== "export");
        const { entries } = parseDotenv({ path: ".env", text: `${key}='${value}'\n` }, lookup);
        return entries.get(key) === value;
      }),
  },
  {
    title: "an env file gives entries or diagnostics with a place in it",
    property: () =>
      fc.property(
        textOf(["A", "=", ":", '"', "'", "\\", "\n", "#", " ", "export ", "$SET", "${", "}", "\r"]),
        (text) => {
          const { diagnostics } = parseDotenv({ path: ".env", text }, lookup);
          return diagnostics.every(
            ({ span }) => span !== undefined && span.start <= span.end && span.end <= text.length,
          );
        },
      ),
  },
  {
    title: "a port that is written short means what it says",
    property: () =>
      fc.property(
        fc.option(fc.ipV4()),
        fc.option(fc.nat(65535)),
        fc.nat(65535),
        fc.constantFrom("", "/tcp", "/udp", "/sctp"),
        (ip, host, target, protocol) => {
          fc.pre(ip === null || host !== null);
          const spec = `${ip === null ? "" : `${ip}:`}${host === null ? "" : `${host}:`}${target}${protocol}`;
          const expected = {
            ...(ip !== null && { host_ip: ip }),
            target,
            ...(host !== null && { published: String(host) }),
            protocol: protocol.slice(1) || "tcp",
          };
          return isDeepStrictEqual(parsePorts(spec).value, [expected]);
        },
      ),
  },
  {
    title: "any other text is a port or a reason why not",
    property: () =>
      fc.property(textOf(["80", ":", "-", "/", "tcp", "[", "]", "::1", "127.0.0.1", "90-91"]), (text) => {
        const result = parsePorts(text);
        return (
          (result.error ?? "") !== "" || (result.value ?? []).every(({ target }) => target >= 0 && target <= 65535)
        );
      }),
  },
  {
    title: "a mount is a volume or a bind mount with a target, or there is a reason why not",
    property: () =>
      fc.property(textOf(["/", ".", "~", ":", "a", "C", "\\", "ro", ",", "z", "${", "}"]), (text) => {
        const { value, error } = parseMount(text);
        return error !== undefined ? error !== "" : value?.type === "volume" || value?.source !== undefined;
      }),
  },
  {
    title: "merging nothing changes nothing, and merging thrice is the same from either side",
    property: () =>
      fc.property(document, document, document, (a, b, c) => {
        const nothing: MappingNode = { ...a, entries: new Map() };
        const both = (one: MappingNode, two: MappingNode) => merge(one, two).node;
        return (
          identity(both(a, nothing)) === identity(a) &&
          identity(both(nothing, a)) === identity(a) &&
          identity(both(both(a, b), c)) === identity(both(a, both(b, c)))
        );
      }),
  },
  {
    title: "what config prints can be loaded again, and is the same model",
    property: () =>
      fc.asyncProperty(mutated(3), async (text) => {
        const loaded = await loadText(text);
        // `network_mode: ""` is no network at all, which docker compose's form of a project cannot say, nor ours.
        if (loaded === undefined || [...loaded.project.services.values()].some(isOffline)) return;
        // A list may set a variable or label without a name, which a mapping may not.
        if (JSON.stringify(renderJson(loaded.project)).includes('"":')) return;
        const again = await loadText(renderYaml(loaded.project));
        const [before, after] = [loaded, again].map((one) => one && JSON.stringify(renderJson(one.project)));
        if (before !== after)
          throw new Error(`printed and loaded again it is another model:\n${renderYaml(loaded.project)}`);
      }),
  },
  {
    title: "a mutated project is a model or diagnostics",
    property: () =>
      fc.asyncProperty(mutated(12), async (text) => {
        const loaded = await loadText(text);
        if (loaded !== undefined) renderYaml(loaded.project);
      }),
  },
];

function isOffline({ networks, network_mode, provider }: Service): boolean {
  return networks === undefined && network_mode === undefined && provider === undefined;
}

/** Mappings of the kinds that merge by the general rule: nested mappings and values, no lists, no nulls. */
const document: fc.Arbitrary<MappingNode> = fc
  .dictionary(
    fc.constantFrom("x-a", "x-b", "x-c", "__proto__"),
    fc.dictionary(fc.constantFrom("a", "b", "constructor"), fc.oneof(fc.nat(9).map(String), fc.boolean())),
    { minKeys: 1 },
  )
  .map((value) => {
    const [parsed] = parse({ path: "compose.yaml", text: JSON.stringify(value) }).documents;
    if (parsed === undefined) throw new Error("a dictionary is a document");
    return parsed.root;
  });

/** Real projects of the corpus, where it is there, and our own cases; with up to `most` changes to their text. */
function mutated(most: number): fc.Arbitrary<string> {
  const change = fc.tuple(fc.nat(), fc.nat(20), fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 6 })));
  return fc.tuple(fc.constantFrom(...projects()), fc.array(change, { maxLength: most })).map(([text, changes]) => {
    let result = text;
    for (const [at, removed, inserted] of changes) {
      const from = at % (result.length + 1);
      result = result.slice(0, from) + inserted + result.slice(from + removed);
    }
    return result;
  });
}

const pieces = [
  "\n",
  " ",
  "  ",
  ":",
  "- ",
  "{",
  "}",
  "[",
  "]",
  "&a ",
  "*a",
  "<<: ",
  "!reset ",
  "!override ",
  "null",
  "true",
  "1",
  '"',
  "'",
  "#",
  "|",
  ">",
  "$",
  "${",
  "extends: ",
  "__proto__: ",
  "---\n",
  "\t",
  "?",
  "~",
  "services:\n",
  "x-a: ",
];

let known: readonly string[] | undefined;

function projects(): readonly string[] {
  known ??= readProjects();
  return known;
}

function readProjects(): readonly string[] {
  const corpus = join(import.meta.dirname, "../../../shared/corpus/cases");
  const found = existsSync(corpus)
    ? globSync("**/*.{yml,yaml}", { cwd: corpus }).map((name) => join(corpus, name))
    : [];
  const real = found.sort().map((path) => readFileSync(path, "utf8"));
  const own = globSync("cases/**/*.txt", { cwd: import.meta.dirname })
    .sort()
    .map((name) => {
      const [, text = ""] =
        /^-- compose\.yaml --\n([\s\S]*?)(?=^-- )/m.exec(readFileSync(join(import.meta.dirname, name), "utf8")) ?? [];
      return text;
    });
  return [...real, ...own].filter((text) => text.length > 0 && text.length < 4000);
}
