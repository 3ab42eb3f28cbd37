import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { credentialKey, storedCredentials } from "../../src/engine/credentials.ts";
import { eraseCredentials, storeCredentials } from "../../src/engine/store-credentials.ts";

let directory: string;
let environment: ReadonlyMap<string, string>;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gantry-store-"));
  environment = new Map([
    ["DOCKER_CONFIG", join(directory, "docker")],
    ["PATH", `${directory}:${process.env.PATH}`],
  ]);
});
afterEach(() => rm(directory, { recursive: true }));

const file = () => join(directory, "docker/config.json");
const config = async () => JSON.parse(await readFile(file(), "utf8"));
const me = { username: "me", password: "pass:word" };
const entry = { auth: Buffer.from("me:pass:word").toString("base64") };

async function begin(content: object): Promise<void> {
  await storeCredentials("first.example", me, environment);
  await writeFile(file(), JSON.stringify(content));
}

describe("credentials that are kept", () => {
  it("are in a file that only its owner reads, in docker's form, and are found again", async () => {
    expect(await storeCredentials("a.example:5000", me, environment)).toEqual({ file: file() });
    expect(await config()).toEqual({ auths: { "a.example:5000": entry } });
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await storedCredentials("a.example:5000", environment)).toMatchObject(me);
    expect(await readdir(join(directory, "docker"))).toEqual(["config.json"]);
  });

  it("leave alone what else the file holds, and where it lies", async () => {
    await begin({ currentContext: "x", auths: { "b.example": { auth: "Yjpi" } }, plugins: { a: { b: "c" } } });
    await chmod(file(), 0o644);
    await symlink(file(), join(directory, "config.json"));
    await storeCredentials("a.example", me, new Map(environment).set("DOCKER_CONFIG", directory));
    expect(await config()).toEqual({
      currentContext: "x",
      auths: { "b.example": { auth: "Yjpi" }, "a.example": entry },
      plugins: { a: { b: "c" } },
    });
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  it("are a token instead of the password where the registry gave one", async () => {
    await storeCredentials("a.example", { ...me, identitytoken: "t0ken" }, environment);
    const auth = Buffer.from("me:").toString("base64");
    expect(await config()).toEqual({ auths: { "a.example": { auth, identitytoken: "t0ken" } } });
    expect(await storedCredentials("a.example", environment)).toMatchObject({ identitytoken: "t0ken" });
  });

  it("are forgotten, and only they", async () => {
    await storeCredentials("a.example", me, environment);
    await storeCredentials("b.example", me, environment);
    expect(await eraseCredentials(["a.example"], environment)).toBe(true);
    expect(await config()).toEqual({ auths: { "b.example": entry } });
    expect(await eraseCredentials(["a.example"], environment)).toBe(false);
  });

  it("are the program's where one keeps them, and none of them is in the file", async () => {
    await begin({ credsStore: "safe" });
    const safe = join(directory, "docker-credential-safe");
    await writeFile(safe, `#!/bin/sh\n{ echo "$1"; cat; echo; } >>"${directory}/asked"\n`);
    await chmod(safe, 0o755);
    expect(await storeCredentials("a.example", me, environment)).toEqual({ program: "safe" });
    await storeCredentials("b.example", { ...me, identitytoken: "t0ken" }, environment);
    expect(await config()).toEqual({ credsStore: "safe", auths: { "a.example": {}, "b.example": {} } });
    await eraseCredentials(["a.example"], environment);
    expect((await readFile(join(directory, "asked"), "utf8")).split("\n")).toEqual([
      "store",
      JSON.stringify({ ServerURL: "a.example", Username: "me", Secret: "pass:word" }),
      "store",
      JSON.stringify({ ServerURL: "b.example", Username: "<token>", Secret: "t0ken" }),
      "erase",
      "a.example",
      "",
    ]);
    expect(await config()).toEqual({ credsStore: "safe", auths: { "b.example": {} } });
  });

  it("are not said to be kept where the program fails, or the file cannot be written", async () => {
    await begin({ credsStore: "missing" });
    await expect(storeCredentials("a.example", me, environment)).rejects.toThrow("docker-credential-missing does not");
    await writeFile(join(directory, "nofolder"), "");
    const nowhere = new Map([["DOCKER_CONFIG", join(directory, "nofolder")]]);
    await expect(storeCredentials("a.example", me, nowhere)).rejects.toThrow(`nofolder/config.json: cannot be written`);
    await writeFile(file(), "{");
    await expect(storeCredentials("a.example", me, environment)).rejects.toThrow("not a JSON object");
    expect(await readFile(file(), "utf8")).toBe("{");
  });
});

it("a registry is known by one key, however it is named", () => {
  const hub = "https://index.docker.io/v1/";
  expect([undefined, "docker.io", "https://index.docker.io/v1/"].map(credentialKey)).toEqual([hub, hub, hub]);
  const named = ["a.example:5000", "https://a.example:5000/", "http://a.example:5000/v1/"];
  expect(named.map(credentialKey)).toEqual(Array(3).fill("a.example:5000"));
});
