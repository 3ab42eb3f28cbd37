import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { image, onEveryEngine } from "./harness.ts";
import { transformationMaker } from "./transformation.ts";

const files = {
  "compose.yaml": `
services:
  web: {image: ${image}, environment: {A: "1"}}
`,
};

onEveryEngine("bridge", (scenario) => {
  scenario("a transformation image turns the project into another model, with templates", {}, async (stack) => {
    const name = `${stack.project}-transformation`;
    const script = "cat /templates/head /in/compose.yaml > /out/all; echo $(ls /in) > /out/names";
    stack.write({
      "compose.yaml": files["compose.yaml"],
      "maker.yaml": transformationMaker(name, script.replaceAll("$", "$$$$")),
      "templates/head": "# made\n",
      "mine/head": "# mine\n",
    });
    expect((await stack.gantry("-f", "maker.yaml", "build")).exitCode).toBe(0);
    expect(await stack.gantry("bridge", "convert", "-t", name)).toMatchObject({ exitCode: 0 });
    const made = readFileSync(`${stack.folder}/out/all`, "utf8");
    expect(made).toMatch(/^# made\n/);
    expect(made).toContain(`image: ${image}`);
    expect(readFileSync(`${stack.folder}/out/names`, "utf8")).toBe("compose.yaml\n");
    await stack.gantry("bridge", "convert", "-t", name, "--templates", "mine/.", "-o", "other");
    expect(readFileSync(`${stack.folder}/other/all`, "utf8")).toMatch(/^# mine\n/);

    expect((await stack.gantry("bridge", "transformations", "list", "-q")).stdout.split("\n")).toContain(
      `${name}:latest`,
    );
    expect(await stack.gantry("bridge", "transformations", "create", "-f", name, "own")).toMatchObject({ exitCode: 0 });
    expect(readdirSync(`${stack.folder}/own`).sort()).toEqual(["Dockerfile", "templates"]);
    expect(readFileSync(`${stack.folder}/own/templates/head`, "utf8")).toBe("# made\n");
    mkdirSync(`${stack.folder}/full/x`, { recursive: true });
    expect((await stack.gantry("bridge", "transformations", "create", "-f", name, "full")).exitCode).toBe(1);
  });

  scenario("a transformation that fails is told with its last words", {}, async (stack) => {
    const name = `${stack.project}-transformation`;
    stack.write({
      "compose.yaml": files["compose.yaml"],
      "maker.yaml": transformationMaker(name, "echo no idea; exit 4"),
      "templates/head": "",
    });
    await stack.gantry("-f", "maker.yaml", "build");
    const { exitCode, stderr } = await stack.gantry("bridge", "convert", "-t", name);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("exited with code 4");
    expect(stderr).toContain("no idea");
  });
});
