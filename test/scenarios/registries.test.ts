import { expect } from "vitest";
import { startRegistry } from "../engine/registry/docker-registry.ts";
import { idle, image, onEveryEngine, type Ran, type Stack } from "./harness.ts";

const files = {
  "compose.yaml": `
services:
  web:
    image: "\${HOST}/web:1"
    command: ${idle}
    depends_on: [db]
  db: { image: "\${HOST}/db:1", command: ${idle} }
  app:
    image: "\${HOST}/app:1"
    build: { context: ., tags: ["\${HOST}/app:also"] }
  local: { build: . }
`,
  Dockerfile: `FROM ${image}\nCOPY page /page\n`,
  page: "page",
};

interface Registered {
  readonly host: string;
  readonly gantry: (...args: readonly string[]) => Promise<Ran>;
  /** Names of the registry's images that the engine has, without the registry. */
  readonly here: () => Promise<readonly string[]>;
  /** Whether the registry has it. */
  readonly has: (repository: string, tag: string) => Promise<boolean>;
  readonly remove: (...names: readonly string[]) => Promise<void>;
}

/** Runs with a registry that has `web:1` and `db:1`, neither of which is on the engine. */
async function withRegistry(stack: Stack, body: (registered: Registered) => Promise<void>): Promise<void> {
  const { host, stop } = await startRegistry();
  const { engine } = stack;
  const here = async () => {
    const list = await engine.imageList({ filters: { reference: [`${host}/*`] } });
    const names = list.flatMap(({ RepoTags }) => RepoTags ?? []);
    return names
      .filter((name) => name.startsWith(host))
      .map((name) => name.slice(host.length + 1))
      .sort();
  };
  const remove = async (...names: readonly string[]) => {
    for (const name of names) await engine.imageRemove({ name: `${host}/${name}`, force: true });
  };
  const gantry = async (...args: readonly string[]) => {
    const { exitCode = -1, stdout, stderr } = await stack.start(args, { HOST: host });
    return { exitCode, stdout, stderr };
  };
  const has = async (repository: string, tag: string) =>
    (await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, { method: "HEAD" })).ok;
  try {
    for (const name of ["web", "db"]) {
      await engine.imageTag({ name: image, repo: `${host}/${name}`, tag: "1" });
      for await (const line of await engine.imagePush({ name: `${host}/${name}`, tag: "1", auth: {} })) {
        if (line.error !== undefined) throw new Error(line.error);
      }
      await remove(`${name}:1`);
    }
    await body({ host, gantry, here, has, remove });
    await gantry("down", "-t", "0");
  } finally {
    await remove(...(await here()));
    await stop();
  }
}

onEveryEngine("a registry", (scenario) => {
  scenario(
    "pull takes the services that are named, and what they need where that is asked for",
    files,
    async (stack) => {
      await withRegistry(stack, async ({ gantry, here, remove }) => {
        expect((await gantry("pull", "web")).exitCode).toBe(0);
        expect(await here()).toEqual(["web:1"]);
        const quiet = await gantry("pull", "--include-deps", "-q", "web");
        expect(quiet).toEqual({ exitCode: 0, stdout: "", stderr: "" });
        expect(await here()).toEqual(["db:1", "web:1"]);
        await remove("db:1", "web:1");
      });
    },
  );

  scenario("pull leaves out what can be built, or goes on without it", files, async (stack) => {
    await withRegistry(stack, async ({ host, gantry, here }) => {
      const without = await gantry("pull", "--ignore-buildable");
      expect(without.exitCode).toBe(0);
      expect(without.stderr).not.toContain(`${host}/app`);
      expect(await here()).toEqual(["db:1", "web:1"]);
      const withIt = await gantry("pull");
      expect(withIt.stderr).toContain(`${host}/app:1`);
      expect(withIt.exitCode).toBe(0);
    });
  });

  scenario("pull --policy missing asks the registry for nothing that is here", files, async (stack) => {
    await withRegistry(stack, async ({ gantry, remove, here }) => {
      await gantry("pull", "web", "db");
      await remove("db:1");
      const { stderr } = await gantry("pull", "--policy", "missing", "web", "db");
      expect(stderr).not.toContain("web:1");
      expect(await here()).toEqual(["db:1", "web:1"]);
      expect((await gantry("pull", "--policy", "always", "web")).stderr).toContain("web:1");
    });
  });

  scenario("a pull that fails names the image; with --ignore-pull-failures the others come", files, async (stack) => {
    stack.write({ "compose.yaml": files["compose.yaml"].replace("db:1", "db:none") });
    await withRegistry(stack, async ({ host, gantry, here }) => {
      const failed = await gantry("pull", "web", "db");
      expect(failed.stderr).toMatch(new RegExp(`compose.yaml:.*${host}/db:none`));
      expect(failed.stderr).toContain("manifest unknown");
      expect(failed.exitCode).toBe(1);
      expect((await gantry("pull", "--ignore-pull-failures", "web", "db")).exitCode).toBe(0);
      expect(await here()).toEqual(["web:1"]);
    });
  });

  scenario("push sends what was built, under all its tags, and says what it skips", files, async (stack) => {
    await withRegistry(stack, async ({ gantry, has }) => {
      await gantry("build", "-q", "app");
      const { stderr, exitCode } = await gantry("push");
      expect(await Promise.all([has("app", "1"), has("app", "also")])).toEqual([true, true]);
      expect(stderr).toMatch(/local +Skipped/);
      expect(stderr).toMatch(/web +Skipped/);
      expect(exitCode).toBe(0);
      expect(await gantry("push", "-q", "app")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    });
  });

  scenario("a push that fails is told, or passed over where that is asked for", files, async (stack) => {
    const elsewhere = files["compose.yaml"].replace(/image: "\$\{HOST\}\/app:1"/, 'image: "localhost:1/app:1"');
    stack.write({ "compose.yaml": elsewhere.replace(/, tags: \[.*\]/, "") });
    await withRegistry(stack, async ({ gantry }) => {
      await gantry("build", "-q", "app");
      const failed = await gantry("push", "app");
      expect(failed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("localhost:1") });
      expect((await gantry("push", "--ignore-push-failures", "app")).exitCode).toBe(0);
      await stack.engine.imageRemove({ name: "localhost:1/app:1", force: true });
    });
  });

  scenario(
    "images lists what the project's containers are made of, by name, as JSON and by id",
    files,
    async (stack) => {
      await withRegistry(stack, async ({ host, gantry }) => {
        expect((await gantry("up", "-d", "web")).exitCode).toBe(0);
        const { Id } = await stack.engine.imageInspect({ name: `${host}/web:1` });
        const { stdout } = await gantry("images");
        expect(stdout.split("\n")[0]).toMatch(/^CONTAINER +REPOSITORY +TAG +PLATFORM +IMAGE ID +SIZE +CREATED$/);
        expect(stdout).toMatch(new RegExp(`${stack.project}-web-1 +${host}/web +1 +linux/amd64 +${Id.slice(7, 19)} `));
        const rows = JSON.parse((await gantry("images", "--format", "json", "db")).stdout);
        expect(rows).toMatchObject([{ ContainerName: `${stack.project}-db-1`, Repository: `${host}/db`, Tag: "1" }]);
        expect((await gantry("images", "-q", "web")).stdout).toBe(Id.slice(7));
      });
    },
  );
});
