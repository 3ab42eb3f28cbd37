import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { type RegistryServer, startRegistry } from "../engine/registry/docker-registry.ts";
import { image, onEveryEngine, type Stack } from "./harness.ts";

const run = promisify(execFile);

/** Runs with a registry that wants `me` to log in; config.json is the project's own. */
async function withRegistry(stack: Stack, secure: boolean, body: (registry: Kept) => Promise<void>): Promise<void> {
  const server = await startRegistry({ kept: true, secure });
  const env = { DOCKER_CONFIG: path.join(stack.folder, "docker"), HOST: server.host };
  try {
    const gantry = async (...args: readonly string[]) => {
      const { exitCode = -1, stdout, stderr } = await stack.start(args, env);
      return { exitCode, stdout, stderr };
    };
    const docker = async (...args: readonly string[]) =>
      (await run("docker", args, { env: { ...process.env, ...env, DOCKER_HOST: stack.url } })).stdout;
    await body({ ...server, gantry, docker, config: path.join(env.DOCKER_CONFIG, "config.json") });
  } finally {
    const names = await stack.engine.imageList({ filters: { reference: [`${server.host}/*`, `${server.host}/*/*`] } });
    for (const name of names.flatMap(({ RepoTags }) => RepoTags ?? [])) await stack.engine.imageRemove({ name });
    await server.stop();
  }
}

interface Kept extends RegistryServer {
  readonly gantry: Stack["gantry"];
  readonly docker: (...args: readonly string[]) => Promise<string>;
  readonly config: string;
}

const files = {
  "compose.yaml": `services: { app: { image: "\${HOST}/team/app:1", build: . } }`,
  Dockerfile: `FROM ${image}\nCOPY page /page\n`,
  page: "page",
};

onEveryEngine("login", (scenario) => {
  for (const secure of [false, true]) {
    const kind = secure ? "with TLS" : "over http";
    scenario(`login opens a registry ${kind} for push and pull, logout closes it`, files, async (stack) => {
      await withRegistry(stack, secure, async ({ host, gantry, config }) => {
        expect((await gantry("build", "-q")).exitCode).toBe(0);
        const closed = await gantry("push");
        expect(closed).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/no basic auth|authentication/) });

        const wrong = await gantry("login", "-u", "me", "-p", "wr0ng", host);
        expect(wrong.stderr).toMatch(/unauthorized/i);
        expect(wrong.stderr).not.toContain("wr0ng");
        expect(wrong.exitCode).toBe(1);
        await expect(stat(config)).rejects.toThrow("ENOENT");

        const login = await gantry("login", "--username", "me", "--password", "pass", host);
        expect(login).toMatchObject({ exitCode: 0, stdout: "Login Succeeded" });
        expect((await stat(config)).mode & 0o777).toBe(0o600);
        expect(await gantry("login", host)).toMatchObject({ exitCode: 0, stdout: "Login Succeeded" });

        const pushed = await gantry("push");
        expect(pushed.stderr).toContain(`${host}/team/app:1`);
        expect(pushed.exitCode).toBe(0);
        const { Id } = await stack.engine.imageInspect({ name: `${host}/team/app:1` });
        await stack.engine.imageRemove({ name: `${host}/team/app:1` });
        expect((await gantry("pull")).exitCode).toBe(0);
        expect((await stack.engine.imageInspect({ name: `${host}/team/app:1` })).Id).toBe(Id);

        const logout = { exitCode: 0, stdout: `Removing login credentials for ${host}` };
        expect(await gantry("logout", host)).toMatchObject(logout);
        expect(await gantry("logout", host)).toMatchObject({ exitCode: 0, stdout: `Not logged in to ${host}` });
        expect(JSON.parse(await readFile(config, "utf8"))).toEqual({ auths: {} });
        await stack.engine.imageRemove({ name: `${host}/team/app:1` });
        expect((await gantry("image", "pull", `${host}/team/app:1`)).exitCode).toBe(1);
        await expect(stack.engine.imageInspect({ name: `${host}/team/app:1` })).rejects.toMatchObject({ status: 404 });
      });
    });
  }

  scenario("what one of docker and gantry has logged in to, the other may use", files, async (stack) => {
    await withRegistry(stack, false, async ({ host, gantry, docker, config }) => {
      await gantry("build", "-q");
      await docker("login", "-u", "me", "-p", "pass", host);
      expect((await gantry("push")).exitCode).toBe(0);
      await docker("logout", host);
      expect((await gantry("push")).exitCode).toBe(1);
      await gantry("login", "-u", "me", "-p", "pass", host);
      expect(await docker("push", `${host}/team/app:1`)).toContain("Layer already exists");
      await docker("logout", host);
      expect(JSON.parse(await readFile(config, "utf8")).auths).toEqual({});
    });
  });

  scenario("login says what it lacks", {}, async (stack) => {
    const nowhere = { DOCKER_CONFIG: path.join(stack.folder, "docker") };
    for (const [args, why] of [
      [["login", "localhost:1"], "Cannot perform an interactive login from a non TTY device"],
      [["login", "--password-stdin", "localhost:1"], "Must provide --username with --password-stdin"],
      [["login", "-u", "me", "-p", "x", "--password-stdin", "localhost:1"], "are mutually exclusive"],
      [["login", "-u", "me", "--password-stdin", "localhost:1"], "password is empty"],
      [["login", "-u", "me", "-p", "s3cret", "localhost:1"], "localhost:1"],
    ] as const) {
      const { exitCode, stderr } = await stack.start(args, nowhere);
      expect(stderr).toContain(why);
      expect(stderr).not.toContain("s3cret");
      expect(exitCode).toBe(1);
    }
  });
});
