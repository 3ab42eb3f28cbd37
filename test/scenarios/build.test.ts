import { createServer } from "node:net";
import path from "node:path";
import { expect, vi } from "vitest";
import { image, onEveryEngine, type Ran, runs, seen } from "./harness.ts";

/** No network, so that nothing but the engine's own steps takes time. */
const build = (more: string) => `{ context: ., network: none, ${more} }`;

const based = {
  "compose.yaml": `
services:
  web: { build: ${build("dockerfile: web.Dockerfile")}, image: "$\{COMPOSE_PROJECT_NAME}-web:1", depends_on: [base] }
  base: { build: ${build("dockerfile: base.Dockerfile")} }
`,
  "base.Dockerfile": `FROM ${image}\nRUN echo base >/made\n`,
  "web.Dockerfile": `FROM ${image}\nCOPY made /\n`,
  made: "made",
};

/** Seconds that no other process sleeps. */
const nap = String(1e6 + Math.floor(Math.random() * 1e6));
/** The first error's lines, without colours. */
const errorOf = ({ stderr }: Ran) => stderr.slice(stderr.search(/^(error:|\S+:\d+:\d+: error:)/m));

onEveryEngine("build", (scenario) => {
  scenario("what a service depends on is built with it only where that is asked for", based, async (stack) => {
    const made = async (name: string) =>
      stack.engine.imageInspect({ name: `${stack.project}-${name}` }).then(
        () => true,
        () => false,
      );
    expect((await stack.gantry("build", "web")).exitCode).toBe(0);
    expect([await made("web:1"), await made("base")]).toEqual([true, false]);
    expect((await stack.gantry("build", "-q", "--with-dependencies", "web")).stderr).toBe("");
    expect([await made("web:1"), await made("base")]).toEqual([true, true]);
  });

  scenario(
    "secrets of files and variables are there for RUN, and in no layer",
    {
      "compose.yaml": `
services:
  web: { build: ${build("secrets: [of-file, {source: of-variable, target: named}]")} }
secrets:
  of-file: { file: ./token }
  of-variable: { environment: TOKEN }
`,
      ".env": "TOKEN=sesame\n",
      token: "s3cret\n",
      ".dockerignore": "token\n.env\n",
      Dockerfile: `FROM ${image}
RUN --mount=type=secret,id=of-file --mount=type=secret,id=named cat /run/secrets/of-file /run/secrets/named
RUN test ! -s /run/secrets/of-file
`,
    },
    async (stack) => {
      const { exitCode, stderr } = await stack.gantry("build", "--no-cache");
      expect(stderr).toMatch(/ {2}s3cret\n.* {2}sesame\n/);
      expect(exitCode).toBe(0);
    },
  );

  scenario(
    "an ssh agent is there for RUN",
    {
      "compose.yaml": `services: { web: { build: ${build("ssh: [mine=./agent]")} } }`,
      Dockerfile: `FROM ${image}\nRUN --mount=type=ssh,id=mine test -S $SSH_AUTH_SOCK && echo there is one\n`,
      ".dockerignore": "agent\n",
    },
    async (stack) => {
      const agent = createServer().listen(path.join(stack.folder, "agent"));
      try {
        const { exitCode, stderr } = await stack.gantry("build", "--no-cache");
        expect(stderr).toMatch(/ {2}there is one$/m);
        expect(exitCode).toBe(0);
      } finally {
        agent.close();
      }
    },
  );

  scenario(
    "a failing step ends the build with its last lines and its place, leaves no image, and what was done is not done again",
    {
      "compose.yaml": `services: { web: { build: ${build("args: {CODE: 7}")} } }`,
      Dockerfile: `FROM ${image}\nRUN echo slow work\nARG CODE\nRUN echo first; echo last; test $CODE = 0\n`,
    },
    async (stack) => {
      const failed = await stack.gantry("build", "--no-cache");
      expect(errorOf(failed)).toMatch(/exit code: 1\n.*last output of the build[^\n]*\n\s+first\n\s+last$/);
      expect(failed.exitCode).toBe(1);
      await expect(stack.engine.imageInspect({ name: `${stack.project}-web` })).rejects.toMatchObject({ status: 404 });
      const { exitCode, stderr } = await stack.gantry("build", "--build-arg", "CODE=0");
      expect(stderr).toMatch(/CACHED .*slow work|Using cache/);
      expect(exitCode).toBe(0);
    },
  );

  scenario(
    "what is missing is said with its place, before anything is built",
    {
      "compose.yaml": `services:
  a: { build: { context: ./none } }
  b: { build: { context: ., dockerfile: none } }
  c: { build: { context: ., dockerfile_inline: "FROM scratch", secrets: [lost] } }
secrets: { lost: { file: ./lost } }
`,
    },
    async (stack) => {
      const { exitCode, stderr } = await stack.gantry("build");
      expect(stderr).toMatch(
        /compose\.yaml:2:\d+: error: image "[^"]+-a" cannot be built: the build context \S+\/none is not/,
      );
      expect(stderr).toMatch(
        /compose\.yaml:3:\d+: error: image "[^"]+-b" cannot be built: there is no Dockerfile at \S+\/none/,
      );
      expect(stderr).toMatch(
        /compose\.yaml:4:\d+: error: .*the secret "lost" is not there: there is no file \S+\/lost/,
      );
      expect(exitCode).toBe(1);
    },
  );

  scenario(
    "a secret that the Dockerfile wants and nobody gives is named",
    {
      "compose.yaml": `services: { web: { build: ${build("")} } }`,
      Dockerfile: `FROM ${image}\nRUN --mount=type=secret,id=token,required=true cat /run/secrets/token\n`,
    },
    async (stack) => {
      const failed = await stack.gantry("build");
      expect(errorOf(failed)).toMatch(/secret "?token/);
      expect(failed.exitCode).toBe(1);
    },
  );

  scenario(
    "Ctrl-C ends the step that runs, and the next build goes on from what was done",
    {
      "compose.yaml": `services: { web: { build: ${build(`args: {TIME: ${nap}}`)} } }`,
      Dockerfile: `FROM ${image}\nRUN echo done before\nARG TIME\nRUN echo begun; sleep $TIME\n`,
    },
    async (stack) => {
      const child = stack.start(["build"]);
      await seen(child, "begun\n");
      child.kill("SIGINT");
      expect((await child).exitCode).toBe(130);
      await vi.waitFor(() => expect(runs(nap)).toBe(false), { timeout: 20_000 });
      await expect(stack.engine.imageInspect({ name: `${stack.project}-web` })).rejects.toMatchObject({ status: 404 });
      const { exitCode, stderr } = await stack.gantry("build", "--build-arg", "TIME=0");
      expect(stderr).toMatch(/CACHED .*done before|Using cache/);
      expect(exitCode).toBe(0);
    },
  );

  scenario(
    "a builder that there is not is said to be missing",
    { "compose.yaml": `services: { web: { build: ${build("dockerfile_inline: FROM scratch")} } }` },
    async (stack) => {
      const { exitCode, stderr } = await stack.gantry("build", "--builder", "nobody");
      expect(stderr).toMatch(/nobody/);
      expect(exitCode).toBe(1);
    },
  );

  scenario(
    "a check builds nothing, and fails where there is something to mend",
    {
      "compose.yaml": `services:
  good: { build: { context: ., dockerfile_inline: "FROM scratch" } }
  bad: { build: { context: ., dockerfile: bad.Dockerfile } }
`,
      "bad.Dockerfile": `FROM scratch\nMAINTAINER me\n`,
    },
    async (stack) => {
      const { exitCode, stderr } = await stack.gantry("build", "--check");
      // An engine without docker's buildx cannot be asked; it says so.
      expect(stderr).toMatch(/MaintainerDeprecated|--check: this engine is asked for it by docker's buildx/);
      expect(exitCode).toBe(1);
      const left = await stack.engine.imageList({ filters: { reference: [`${stack.project}-*`] } });
      expect(left).toEqual([]);
    },
  );

  scenario(
    "a context of many files comes whole, and only what has changed comes again",
    {
      "compose.yaml": `services: { web: { build: ${build("")} } }`,
      Dockerfile: `FROM ${image}\nCOPY many /many\nRUN cat /many/99/9999\n`,
      ...Object.fromEntries(
        Array.from({ length: 10_000 }, (_, i) => [`many/${i % 100}/${i}`, `${i} ${"x".repeat(300)}`]),
      ),
    },
    async (stack) => {
      const first = await stack.gantry("build", "--no-cache");
      expect(first.stderr).toContain("  9999 xxx");
      // As nobody has built it before, on an engine that keeps what was built.
      stack.write({ "many/99/9999": `changed for ${stack.project}\n` });
      const { exitCode, stderr } = await stack.gantry("build");
      expect(stderr).toContain(`  changed for ${stack.project}\n`);
      expect(exitCode).toBe(0);
    },
  );
});
