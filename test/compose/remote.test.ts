import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { load } from "../../src/compose/load.ts";
import { isRemote, parseRemote, type RemoteReference } from "../../src/compose/remote.ts";
import { GantryError } from "../../src/errors.ts";

describe("a remote path", () => {
  it.each([
    ["https://host/a/b.git", "https://host/a/b.git", undefined, ""],
    ["https://host/a/b.git#v1", "https://host/a/b.git", "v1", ""],
    ["https://host/a/b.git#v1:sub/dir", "https://host/a/b.git", "v1", "sub/dir"],
    ["https://host/a/b.git#:/sub", "https://host/a/b.git", undefined, "sub"],
    ["git://host/b", "git://host/b", undefined, ""],
    ["ssh://git@host:22/b#main", "ssh://git@host:22/b", "main", ""],
    ["git@host:a/b.git#main:x.yaml", "git@host:a/b.git", "main", "x.yaml"],
    ["github.com/a/b", "https://github.com/a/b", undefined, ""],
  ])("%s is a git repository", (text, url, ref, path) => {
    expect(parseRemote(text)).toEqual({ kind: "git", text, url, path, ...(ref !== undefined && { ref }) });
    expect(isRemote(text)).toBe(true);
  });

  it("oci:// is an artifact of a registry", () => {
    const text = "oci://host:5000/a/b:1";
    expect(parseRemote(text)).toEqual({ kind: "oci", text, reference: "host:5000/a/b:1" });
  });

  it.each([
    "compose.yaml",
    "./a#b",
    "/abs/https://x",
    "a@b/c",
    "ext::sh -c x",
    "file:///etc/x.git",
    "C:\\a",
    "github.com",
    "-",
  ])("%s is a path of this machine", (text) => {
    expect(parseRemote(text)).toBeUndefined();
    expect(isRemote(text)).toBe(false);
  });

  it.each([
    ["https://host/compose.yaml", "ends with .git"],
    ["https://host/b.git#--upload-pack=x", "begins with a dash"],
    ["https://host/b.git#main:../../etc", "leaves the repository"],
    ["git@host:b.git#main:a/../..", "leaves the repository"],
  ])("%s is refused", (text, why) => {
    expect(() => parseRemote(text)).toThrow(why);
  });
});

describe("a project with remote files", () => {
  let root: string;
  const asked: RemoteReference[] = [];
  const fetchRemote = async (reference: RemoteReference) => {
    asked.push(reference);
    return join(root, "fetched");
  };
  const write = async (files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(root, name, ".."), { recursive: true });
      await writeFile(join(root, name), text);
    }
  };
  const loadIt = (files: readonly string[]) =>
    load({ cwd: join(root, "here"), environment: new Map([["HOME", root]]), files, fetchRemote });

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "gantry-remote-"));
    asked.length = 0;
    await mkdir(join(root, "here"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("resolves the paths of a remote main file where it was fetched to; the name is the current directory's", async () => {
    await write({
      "fetched/sub/compose.yaml": "services: {web: {image: 'a:$TAG', volumes: [./v:/v]}}",
      "fetched/sub/.env": "TAG=theirs",
      "here/.env": "TAG=ours",
    });
    const { project } = await loadIt(["git://host/b#main:sub"]);
    const web = project.services.get("web");
    expect(project.name).toBe("here");
    expect(web?.image).toBe("a:ours");
    expect(web?.volumes?.[0]?.source).toBe(join(root, "fetched/sub/v"));
  });

  it("includes and extends remote files, each fetched once", async () => {
    await write({
      "fetched/compose.yaml": "services: {theirs: {image: a, volumes: [./v:/v]}}",
      "here/compose.yaml": `
include: ["git://host/b"]
services: {ours: {extends: {file: "git://host/b", service: theirs}}}`,
    });
    const { project } = await loadIt(["compose.yaml"]);
    const sources = [...project.services.values()].map(({ volumes }) => volumes?.[0]?.source);
    expect(sources).toEqual([join(root, "fetched/v"), join(root, "fetched/v")]);
    expect(asked.length).toBe(1);
  });

  it("does not follow a link out of what was fetched", async () => {
    await write({ "fetched/x": "", "secret/compose.yaml": "services: {}" });
    await symlink(join(root, "secret"), join(root, "fetched/sub"));
    await symlink(join(root, "secret/compose.yaml"), join(root, "fetched/compose.yaml"));
    await expect(loadIt(["git://host/b#main:sub"])).rejects.toThrow("leads out of what was fetched");
    await expect(loadIt(["git://host/b#main"])).rejects.toThrow("leads out of what was fetched");
  });

  it("says at the place that names it why a file cannot be fetched", async () => {
    await write({ "here/compose.yaml": "include:\n  - oci://host/a:1\nservices: {a: {image: a}}\n" });
    const refused = load({
      cwd: join(root, "here"),
      environment: new Map([["HOME", root]]),
      fetchRemote: async () => {
        throw new GantryError("no such artifact");
      },
    });
    const diagnostic = { code: "remote-resource", message: "no such artifact", span: { start: 13 } };
    await expect(refused).rejects.toMatchObject({ diagnostics: [diagnostic] });
  });
});
