import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

/**
 * Each case is a file: a sentence; `-- path --` sections that are files of the project; `-- env --`, variables of the
 * environment; and for every `-- $ words --` what `gantry words` prints (stdout, or for a refusal stderr behind
 * `exit 1`). `-- $ (directory) words --` is run in another directory. UPDATE=1 writes what gantry prints now.
 *
 * The answers are docker compose 2.40's, but for those of cases with a `-- differs --` section, which says why.
 * PEER=/usr/bin/docker asks that docker compose again.
 */
const folder = join(import.meta.dirname, "config");
const gantry = join(import.meta.dirname, "../../bin/gantry");
const peer = process.env.PEER;
const roots: string[] = [];

afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

describe("config", () => {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const [title = "", ...parts] = readFileSync(path, "utf8").split(/^-- (.+) --\n/m);
    const sections = parts.flatMap((text, i) => (i % 2 === 0 ? [[text, parts[i + 1] ?? ""] as const] : []));
    it(title.trim(), () => {
      const given = new Map(sections.filter(([section]) => !section.startsWith("$ ")));
      const directory = makeProject(given);
      const answers = sections.map(([section, text]) =>
        section.startsWith("$ ") ? [section, ask(section.slice(2), given, directory)] : [section, text],
      );
      const actual = title + answers.map(([section, text]) => `-- ${section} --\n${text}`).join("");
      if (process.env.UPDATE === "1") writeFileSync(path, actual);
      expect(actual).toBe(readFileSync(path, "utf8"));
    });
    it.runIf(peer !== undefined && !parts.includes("differs"))(`${title.trim()} (docker compose)`, () => {
      const given = new Map(sections);
      const directory = makeProject(given);
      for (const [section, text] of sections) {
        if (!section.startsWith("$ ")) continue;
        const answer = ask(section.slice(2), given, directory, peer);
        if (text.startsWith("exit 1\n")) expect(answer, section).toMatch(/^exit 1\n/);
        else expect(comparable(answer, section), section).toEqual(comparable(text, section));
      }
    });
  }
});

function makeProject(given: ReadonlyMap<string, string>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "gantry-config-")));
  roots.push(root);
  const directory = join(root, "project");
  mkdirSync(directory);
  for (const [name, text] of given) {
    if (name === "env" || name === "differs" || name.startsWith("$ ")) continue;
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

function ask(words: string, given: ReadonlyMap<string, string>, directory: string, docker?: string): string {
  const [, inside = ".", rest = ""] = /^(?:\((.*?)\) )?(.*)$/.exec(words) ?? [];
  const args = rest.split(" ").map((word) => word.replaceAll("/project", directory));
  const variables = (given.get("env") ?? "").split("\n").filter((line) => line !== "");
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: "/home/user",
    // Where the docker CLI's settings name the directory of its plug-ins.
    ...(docker !== undefined && { DOCKER_CONFIG: process.env.DOCKER_CONFIG ?? "" }),
    ...Object.fromEntries(variables.map((line) => line.replaceAll("/project", directory).split(/=(.*)/s, 2))),
  };
  // By the Node that runs the tests: a case's PATH may lead to an older one.
  const [command, ...first] = docker === undefined ? [process.execPath, "--", gantry] : [docker, "compose"];
  const cwd = join(directory, inside);
  const { status, stdout, stderr } = spawnSync(command ?? "", [...first, ...args], { cwd, env, encoding: "utf8" });
  const text = status === 0 ? stdout : `exit ${status}\n${stdout}${stderr.replace(/\n? *Usage:.*$/s, "\n")}`;
  return text.replaceAll(directory, "/project");
}

/** Docker compose's lists and tables are in no order, and it ends JSON without a line feed. */
function comparable(text: string, section: string): unknown {
  if (section.includes("json")) return JSON.parse(text);
  const isList = /--(services|volumes|networks|models|images|profiles|hash|environment|variables)/.test(section);
  return isList && !section.includes("yaml") ? text.split("\n").sort() : text;
}
