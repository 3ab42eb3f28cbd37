import { afterAll, beforeAll, expect, it } from "vitest";
import { type RegistryServer, startRegistry } from "../../engine/registry/docker-registry.ts";
import { type Bench, image, openBench, withDocker } from "./bench.ts";

withDocker("the docker CLI with a registry", () => {
  let bench: Bench;
  let registry: RegistryServer;
  beforeAll(async () => {
    bench = await openBench();
    registry = await startRegistry({ enter: bench.enter });
  });
  afterAll(async () => {
    await registry.stop();
    await bench.close();
  });

  const digestOf = (said: string) => /digest: (sha256:[0-9a-f]{64})/i.exec(said)?.[1] ?? "";

  it("push sends what is not there yet; pull and run bring it back, the same", async () => {
    const name = `${registry.host}/team/app:1`;
    await bench.says("run", "--name", "maker", image, "sh", "-c", "echo made >/file");
    await bench.says("commit", "-c", "CMD cat /file", "maker", name);
    await bench.says("rm", "maker");
    const id = await bench.says("image", "inspect", "--format", "{{.Id}}", name);
    const pushed = await bench.says("push", name);
    expect(pushed).toContain(`The push refers to repository [${registry.host}/team/app]`);
    expect(pushed.match(/: Pushed$/gm)).toHaveLength(2);
    const digest = digestOf(pushed);
    expect(await bench.says("push", name)).toContain(": Layer already exists");

    // The base stays, so that only the layer above it has to come.
    await bench.says("rmi", name);
    const pulled = await bench.says("pull", name);
    expect(pulled).toContain(": Already exists");
    expect(pulled.match(/: Pull complete$/gm)).toHaveLength(1);
    expect(pulled).toContain(`Digest: ${digest}\nStatus: Downloaded newer image for ${name}\n${name}`);
    expect(await bench.says("image", "inspect", "--format", "{{.Id}} {{index .RepoDigests 0}}", name)).toBe(
      `${id} ${registry.host}/team/app@${digest}`,
    );
    expect(await bench.says("pull", "-q", name)).toBe(name);
    expect(await bench.says("pull", name)).toContain(`Status: Image is up to date for ${name}`);

    await bench.says("rmi", name);
    const ran = await bench.docker("run", "--rm", name);
    expect(ran).toMatchObject({ exitCode: 0, stdout: "made\n" });
    expect(ran.stderr).toContain(`Unable to find image '${name}' locally`);
    await bench.says("rmi", name);
    const never = await bench.docker("run", "--rm", "--pull", "never", name);
    expect(never.exitCode).toBe(125);
    expect(never.stderr).toContain(`No such image: ${name}`);
    expect(await bench.says("run", "--rm", `${registry.host}/team/app@${digest}`)).toBe("made");
    await bench.says("rmi", `${registry.host}/team/app@${digest}`);
    expect(await bench.says("images", "--format", "{{.Repository}}:{{.Tag}}")).toBe(image);
  });

  it("pull -a and push -a take every tag of a repository", async () => {
    const repository = `${registry.host}/many`;
    await bench.says("tag", image, `${repository}:one`);
    await bench.says("tag", image, `${repository}:two`);
    await bench.says("push", "-a", repository);
    await bench.says("rmi", `${repository}:one`, `${repository}:two`);
    await bench.says("pull", "-a", repository);
    expect((await bench.says("images", "--format", "{{.Tag}}", repository)).split("\n").toSorted()).toEqual([
      "one",
      "two",
    ]);
    await bench.says("rmi", `${repository}:one`, `${repository}:two`);
  });

  for (const secure of [false, true]) {
    it(`login, push, mount, pull and delete, ${secure ? "with TLS" : "over http"}`, async () => {
      const kept = await startRegistry({ enter: bench.enter, kept: true, secure });
      try {
        const name = `${kept.host}/team/app:1`;
        await bench.says("tag", image, name);
        const closed = await bench.docker("push", name);
        expect(closed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("authentication required") });
        const wrong = await bench.docker("login", "-u", "me", "-p", "wr0ng", kept.host);
        expect(wrong).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("401 Unauthorized") });
        expect(await bench.says("login", "-u", "me", "-p", "pass", kept.host)).toContain("Login Succeeded");
        const digest = digestOf(await bench.says("push", name));
        await bench.says("tag", image, `${kept.host}/other:1`);
        expect(await bench.says("push", `${kept.host}/other:1`)).toContain(": Mounted from team/app");
        await bench.says("rmi", name, `${kept.host}/other:1`);
        expect(await bench.says("pull", `${kept.host}/other:1`)).toContain(`Digest: ${digest}`);
        const manifest = `${secure ? "https" : "http"}://${kept.host}/v2/other/manifests/${digest}`;
        await bench.host("curl", "-fsSk", "-u", "me:pass", "-X", "DELETE", manifest);
        await bench.says("rmi", `${kept.host}/other:1`);
        const gone = await bench.docker("pull", `${kept.host}/other:1`);
        expect(gone).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("manifest unknown") });
        await bench.says("logout", kept.host);
        const out = await bench.docker("pull", name);
        expect(out).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("pull access denied") });
      } finally {
        await kept.stop();
      }
    });
  }

  it("what is not there, and who does not answer, is said in docker's words", async () => {
    const none = `${registry.host}/team/none:9`;
    const pull = await bench.docker("pull", none);
    expect(pull).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`manifest for ${none} not found`) });
    const run = await bench.docker("run", "--rm", none);
    expect(run).toMatchObject({ exitCode: 125, stderr: expect.stringContaining("manifest unknown") });
    const push = await bench.docker("push", none);
    expect(push.exitCode).toBe(1);
    expect(push.stderr).toContain(`An image does not exist locally with the tag: ${registry.host}/team/none`);
    const deaf = await bench.docker("pull", "localhost:1/none");
    expect(deaf).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("localhost:1") });
    const bad = await bench.docker("pull", "UPPER/../x");
    expect(bad).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("invalid reference format") });
    expect(await bench.says("images", "-q", none)).toBe("");
  });
});
