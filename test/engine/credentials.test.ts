import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { allCredentials, credentialsFor } from "../../src/engine/credentials.ts";

let directory: string;
let environment: ReadonlyMap<string, string>;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gantry-credentials-"));
  environment = new Map([
    ["DOCKER_CONFIG", directory],
    ["PATH", `${directory}:${process.env.PATH}`],
  ]);
});
afterEach(() => rm(directory, { recursive: true }));

const configure = (config: unknown) => writeFile(join(directory, "config.json"), JSON.stringify(config));
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A credential program, as docker's protocol wants it: a verb, the registry on standard input, JSON out. */
async function install(name: string, script: string): Promise<void> {
  const path = join(directory, `docker-credential-${name}`);
  await writeFile(path, `#!/bin/sh\nread registry\n${script}\n`);
  await chmod(path, 0o755);
}

describe("credentials for a registry", () => {
  it("are none where nobody logged in", async () => {
    expect(await credentialsFor("nginx", environment)).toBeUndefined();
    expect(await allCredentials(environment)).toEqual({});
  });

  it("come from config.json, by the host of the reference, whatever form docker wrote it in", async () => {
    await configure({
      auths: {
        "https://index.docker.io/v1/": { auth: base64("me:pass:word") },
        "https://old.example/v2/": { username: "a", password: "b" },
        "ghcr.io": { identitytoken: "token" },
        "empty.example": {},
      },
    });
    expect(await credentialsFor("nginx", environment)).toEqual({
      serveraddress: "https://index.docker.io/v1/",
      username: "me",
      password: "pass:word",
    });
    expect(await credentialsFor("old.example/x:1", environment)).toMatchObject({ username: "a", password: "b" });
    expect(await credentialsFor("ghcr.io/me/x", environment)).toEqual({
      serveraddress: "ghcr.io",
      identitytoken: "token",
    });
    expect(await credentialsFor("empty.example/x", environment)).toBeUndefined();
    expect(await credentialsFor("constructor.example/x", environment)).toBeUndefined();
    expect(Object.keys(await allCredentials(environment))).toEqual([
      "https://index.docker.io/v1/",
      "https://old.example/v2/",
      "ghcr.io",
    ]);
  });

  it("come from the program for that registry, else from the program for all", async () => {
    await install(
      "one",
      `echo "{\\"ServerURL\\":\\"$registry\\",\\"Username\\":\\"<token>\\",\\"Secret\\":\\"for $registry\\"}"`,
    );
    await install(
      "all",
      `if [ "$1" = list ]; then echo '{"https://index.docker.io/v1/":"me"}'; else echo '{"Username":"me","Secret":"hidden"}'; fi`,
    );
    await configure({
      credsStore: "all",
      credHelpers: { "gcr.example": "one" },
      auths: { "https://index.docker.io/v1/": {} },
    });
    expect(await credentialsFor("gcr.example/x", environment)).toEqual({
      serveraddress: "gcr.example",
      identitytoken: "for gcr.example",
    });
    const hub = { serveraddress: "https://index.docker.io/v1/", username: "me", password: "hidden" };
    expect(await credentialsFor("nginx", environment)).toEqual(hub);
    expect(await allCredentials(environment)).toEqual({
      "https://index.docker.io/v1/": hub,
      "gcr.example": { serveraddress: "gcr.example", identitytoken: "for gcr.example" },
    });
  });

  it("are none where the program has none, fails, is missing, or bears the name of a path", async () => {
    await install("none", "echo credentials not found in native keychain; exit 1");
    await install("broken", "echo '{'");
    for (const credsStore of ["none", "broken", "missing", "../../bin/sh", ""]) {
      await configure({ credsStore });
      expect(await credentialsFor("nginx", environment)).toBeUndefined();
    }
  });

  it("never appear in the error about a damaged config.json", async () => {
    await writeFile(join(directory, "config.json"), `{"auths":{"x":{"auth":"${base64("me:secret")}"`);
    const failure = credentialsFor("nginx", environment);
    await expect(failure).rejects.toThrow("not a JSON object");
    await expect(failure).rejects.not.toThrow(base64("me:secret").slice(0, 6));
  });
});
