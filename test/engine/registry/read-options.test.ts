import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readOptions } from "../../../src/engine/registry/read-options.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "gantry-options-"));
  for (const name of ["gantry", "docker"]) mkdirSync(path.join(home, name));
});
afterEach(() => rmSync(home, { recursive: true }));

const places = () => [path.join(home, "gantry"), path.join(home, "docker")];
const say = (name: string, text: string) => writeFileSync(path.join(home, name, "daemon.json"), text);
const read = (more = {}) => readOptions(more, places());

describe("what is said of registries", () => {
  it("is nothing where there are no files", async () => {
    const certificates = places().map((place) => path.join(place, "certs.d"));
    expect(await read()).toEqual({ insecure: [], mirrors: [], certificates });
  });

  it("is what docker's file says, unless gantry's says something else", async () => {
    const docker = { "insecure-registries": ["a:5000"], "registry-mirrors": ["https://m.example/x/"], "log-level": 1 };
    say("docker", JSON.stringify(docker));
    expect(await read()).toMatchObject({ insecure: ["a:5000"], mirrors: ["https://m.example/x"] });
    say("gantry", JSON.stringify({ "insecure-registries": ["b"] }));
    expect(await read({ insecure: ["c"] })).toMatchObject({ insecure: ["c", "b"], mirrors: ["https://m.example/x"] });
  });

  it.each([
    ["[", "not a JSON object"],
    ["[]", "not a JSON object"],
    ['{"insecure-registries":"a"}', '"insecure-registries" must be a list of strings'],
    ['{"registry-mirrors":["m.example"]}', '"m.example" is not the URL of a registry mirror'],
    ['{"registry-mirrors":["https://me:secret@m.example"]}', '"https://…@m.example" is not the URL'],
  ])("is refused when it is %s", async (text, why) => {
    say("gantry", text);
    await expect(read()).rejects.toThrow(why);
  });
});
