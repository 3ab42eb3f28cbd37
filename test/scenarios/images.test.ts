import { expect } from "vitest";
import { idle, image, onEveryEngine, seen } from "./harness.ts";

const twins = {
  "compose.yaml": `
services:
  one: { build: ./app, command: ${idle} }
  two: { build: ./app, command: ${idle} }
  three: { image: "${image}", command: ${idle} }
`,
  "app/Dockerfile": `FROM ${image}\nCOPY page /page\n`,
  "app/page": "page",
};

onEveryEngine("images", (scenario) => {
  scenario("build makes the images, and shows what a build says", twins, async (stack) => {
    const { exitCode, stderr } = await stack.gantry("build", "one");
    expect(await stack.engine.imageInspect({ name: `${stack.project}-one` })).toBeDefined();
    expect(stderr).toContain("COPY page /page");
    expect(stderr).toContain(`Image ${stack.project}-one  Built`);
    expect(exitCode).toBe(0);
  });

  scenario(
    "a build that fails says what the build said, and nothing is made",
    { ...twins, "app/Dockerfile": `FROM ${image}\nRUN echo the tests fail && false\n` },
    async (stack) => {
      const { exitCode, stderr } = await stack.gantry("up", "-d");
      expect((await stack.containers()).size).toBe(0);
      expect(stderr).toContain("the tests fail");
      expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
      expect(exitCode).toBe(1);
    },
  );

  scenario(
    "Ctrl-C ends a build that is under way",
    { ...twins, "app/Dockerfile": `FROM ${image}\nRUN echo compiling; sleep 1000\n` },
    async (stack) => {
      const child = stack.start(["build", "one"]);
      await seen(child, "compiling\n");
      child.kill("SIGINT");
      expect((await child).exitCode).toBe(130);
    },
  );

  scenario(
    "down --rmi local removes what was built, also where two images have a parent in common",
    twins,
    async (stack) => {
      for (const service of ["one", "two"]) await stack.gantry("build", service);
      await stack.gantry("up", "-d");
      const { exitCode, stderr } = await stack.gantry("down", "--rmi", "local");
      expect(stderr).not.toMatch(/Error|error|Warning/);
      expect(exitCode).toBe(0);
      const left = await stack.engine.imageList({ filters: { reference: [`${stack.project}-*`] } });
      expect(left).toEqual([]);
      expect(await stack.engine.imageInspect({ name: image })).toBeDefined();
    },
  );

  scenario(
    "pull names the image that it cannot pull, and its place in the file",
    {
      "compose.yaml": `
services:
  web: { image: "127.0.0.1:1/nothing/here:1" }
`,
    },
    async (stack) => {
      const { exitCode, stderr } = await stack.gantry("pull");
      expect(stderr).toContain("compose.yaml:3:17: error:");
      expect(stderr).toContain("127.0.0.1:1/nothing/here:1");
      expect(exitCode).toBe(1);
      expect((await stack.gantry("pull", "--ignore-pull-failures")).exitCode).toBe(0);
    },
  );
});
