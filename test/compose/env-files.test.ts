import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { resolveEnvFiles } from "../../src/compose/env-files.ts";
import { shown } from "./document.ts";
import { project } from "./project.ts";

const directory = mkdtempSync(join(tmpdir(), "gantry-env-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Writes a file and gives its path. */
function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

async function resolved(lines: string, environment: Readonly<Record<string, string>> = {}) {
  const text = `services:\n  web:\n${lines.replace(/^/gm, "    ")}\n`;
  const { project: model, locate } = project(text, new Map(Object.entries(environment)));
  const result = await resolveEnvFiles(model, locate);
  const web = result.project.services.get("web");
  return {
    environment: [...(web?.environment ?? [])],
    labels: [...(web?.labels ?? [])],
    files: [web?.env_file, web?.label_file],
    diagnostics: result.diagnostics.map((diagnostic) => shown(diagnostic).replaceAll(directory, "")),
  };
}

describe("env files of a service", () => {
  it("become its environment: later files win, the compose file wins over files", async () => {
    const first = file("first.env", "A=1\nB=1\nC=1\n");
    const second = file("second.env", "B=2\nC=2\n");
    const found = await resolved(`env_file: [${first}, ${second}]\nenvironment: {C: 3, D: 4}`);
    expect(found.environment).toEqual([
      ["A", "1"],
      ["B", "2"],
      ["C", "3"],
      ["D", "4"],
    ]);
    expect(found.files).toEqual([undefined, undefined]);
  });

  it("cannot set a variable that the compose file declares without a value", async () => {
    const path = file("null.env", "A=1\n");
    expect((await resolved(`env_file: ${path}\nenvironment: [A]`)).environment).toEqual([["A", null]]);
  });

  it("expand the project's variables first, then the service's, then what was read before", async () => {
    const first = file("one.env", "READ=file\nPROJECT=file\nOWN=file\n");
    const second = file("two.env", "X=$PROJECT $OWN $READ\nPROJECT\n");
    const found = await resolved(`env_file: [${first}, ${second}]\nenvironment: {OWN: service}`, {
      PROJECT: "project",
    });
    expect(found.environment).toEqual([
      ["READ", "file"],
      ["PROJECT", "project"],
      ["OWN", "service"],
      ["X", "project service file"],
    ]);
  });

  it("of raw format are not expanded", async () => {
    const path = file("raw.env", "A='$B' # c\n");
    expect((await resolved(`env_file: [{path: ${path}, format: raw}]`)).environment).toEqual([["A", "'$B' # c"]]);
  });

  it("must exist unless they are not required", async () => {
    const missing = join(directory, "missing.env");
    const found = await resolved(`env_file:\n  - ${missing}\n  - {path: ${missing}, required: false}`);
    expect(found.diagnostics).toEqual([
      "4:9: missing-file: env file /missing.env not found [create it, or set required: false]",
    ]);
  });

  it("must be of a known format", async () => {
    const path = file("any.env", "");
    const found = await resolved(`env_file: [{path: ${path}, format: json}]`);
    expect(found.diagnostics[0]).toContain('unsupported-format: unsupported env_file format "json"');
  });

  it("are told with the place of a fault in them", async () => {
    const path = file("bad.env", "A=1\nB%=2\n");
    const found = await resolved(`env_file: ${path}`);
    expect(found.diagnostics).toHaveLength(1);
    expect(found.diagnostics[0]).toMatch(/^2:/);
  });
});

describe("label files of a service", () => {
  it("become its labels; the compose file wins", async () => {
    const path = file("labels", "a=1\nb=$a-$HOME\n");
    const found = await resolved(`label_file: ${path}\nlabels: {a: 2}`, { HOME: "/root" });
    expect(found.labels).toEqual([
      ["a", "2"],
      ["b", "1-"],
    ]);
  });

  it("must exist", async () => {
    const found = await resolved(`label_file: ${join(directory, "none")}`);
    expect(found.diagnostics).toEqual(["3:17: missing-file: label file /none not found [create it]"]);
  });
});
