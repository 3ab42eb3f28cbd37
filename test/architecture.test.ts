import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.dirname(import.meta.dirname);
const sources = globSync("src/**/*.ts", { cwd: root }).filter((file) => !file.includes("/generated/"));

/** The parts of the house, the most special first, and what each may import beside itself. */
const parts: readonly { readonly name: string; readonly files: RegExp; readonly may: readonly string[] }[] = [
  { name: "errors", files: /^src\/errors\.ts$/, may: [] },
  { name: "compose/model", files: /^src\/compose\/(model|graph|nearest)\.ts$/, may: ["errors", "compose"] },
  { name: "compose", files: /^src\/compose\//, may: ["errors", "compose/model"] },
  {
    name: "embedded",
    files: /^src\/engine\/(daemon|containers|images|networks|volumes|build)\//,
    may: ["errors", "engine", "engine/ignore", "network"],
  },
  { name: "engine/ignore", files: /^src\/engine\/ignore\.ts$/, may: [] },
  { name: "engine", files: /^src\/engine\//, may: ["errors", "engine/ignore"] },
  { name: "network", files: /^src\/network\//, may: ["errors"] },
  { name: "reconcile", files: /^src\/reconcile\//, may: ["errors", "compose/model", "engine/api"] },
  { name: "watch", files: /^src\/watch\//, may: ["errors", "compose/model", "engine/api", "engine/ignore"] },
  { name: "ui", files: /^src\/ui\//, may: ["errors", "reconcile (types)", "engine (types)", "watch (types)"] },
  {
    name: "commands",
    files: /^src\/commands\//,
    may: ["errors", "compose/model", "compose", "engine", "reconcile", "watch", "ui"],
  },
];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(path.join(root, file), "utf8");
  const pattern = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?[^;"']*?from\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)/g;
  return [...text.matchAll(pattern)].map(([, type, from, dynamic]) => ({
    from: file,
    to: path.join(path.dirname(file), from ?? dynamic ?? ""),
    typeOnly: type !== undefined,
  }));
}

function partOf(file: string): (typeof parts)[number] | undefined {
  return parts.find(({ files }) => files.test(file));
}

/** What an engine is asked for. */
const contract: ReadonlySet<string> = new Set(["src/engine/api.ts", "src/engine/build-order.ts"]);

function isAllowed({ from, to, typeOnly }: Import): boolean {
  // gantry's own version and description are said there.
  if (to === "package.json") return /^src\/(commands|engine\/daemon)\//.test(from);
  // The only door to the embedded engine.
  if (from === "src/commands/daemon.ts" && to === "src/engine/daemon/main.ts") return true;
  const [importer, imported] = [partOf(from), partOf(to)];
  if (importer === undefined || imported === undefined) return false;
  if (importer === imported || importer.may.includes(imported.name)) return true;
  if (imported.name === "engine" && importer.may.includes("engine/api")) return contract.has(to);
  return typeOnly && importer.may.includes(`${imported.name} (types)`);
}

describe("the house", () => {
  it("has the parts that the design names, and every source file stands in one", () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.filter((file) => partOf(file) === undefined)).toEqual([]);
  });

  it("has only the arrows that docs/architecture.md draws", () => {
    const forbidden = sources.flatMap(importsOf).filter((arrow) => !isAllowed(arrow));
    expect(forbidden.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it("has no file that holds two ideas: none is longer than 400 lines", () => {
    const long = sources.filter((file) => readFileSync(path.join(root, file), "utf8").split("\n").length > 401);
    // The API's own vocabulary, and the compose format's, are one list each, however long.
    const lists = ["src/engine/api.ts", "src/engine/routes.ts", "src/compose/model.ts"];
    expect(long.filter((file) => !lists.includes(file))).toEqual([]);
  });

  it("has no drawer for odds and ends", () => {
    expect(sources.filter((file) => /(^|\/|-)(utils?|helpers?|common|managers?|misc)(\.ts|\/)/.test(file))).toEqual([]);
  });

  it("silences neither the compiler nor the linter", () => {
    const silenced = sources.filter((file) => {
      const text = readFileSync(path.join(root, file), "utf8");
      const code = text.replaceAll(/^\s*(\/?\*|\/\/).*$/gm, "");
      return /@ts-(ignore|expect-error|nocheck)|biome-ignore/.test(text) || /\bas any\b|: any\b/.test(code);
    });
    expect(silenced).toEqual([]);
  });
});

describe("what gantry is made of", () => {
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));

  it("is at most 15 direct runtime packages", () => {
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(15);
  });

  it("runs no install script and no native code of a runtime package", () => {
    const runtime = Object.entries<{ dev?: boolean; hasInstallScript?: boolean; gypfile?: boolean }>(
      lock.packages,
    ).filter(([name, { dev }]) => name !== "" && dev !== true);
    expect(runtime.length).toBeGreaterThan(5);
    expect(runtime.filter(([, entry]) => entry.hasInstallScript === true).map(([name]) => name)).toEqual([]);
  });
});
