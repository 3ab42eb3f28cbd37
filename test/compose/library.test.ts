import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkTypes, installGantry } from "../installed.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-library-"));

beforeAll(() => {
  installGantry(folder);
  writeFileSync(
    join(folder, "compose.yaml"),
    "services: {web: {image: 'nginx:$TAG', depends_on: [db]}, db: {image: postgres}}\n",
  );
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = `
import { load, ProjectError, placeOf, renderYaml } from "gantry";
const { project, warnings } = await load({ environment: { TAG: "1" }, projectName: "shop" });
const image: string | undefined = project.services.get("web")?.image;
console.log(project.name, image, [...project.services.keys()].join(), warnings.length, renderYaml(project).length > 0);
try {
  await load({ files: ["-"], readStdin: async () => "services: {web: {imge: nginx}}" });
} catch (error) {
  if (!(error instanceof ProjectError)) throw error;
  for (const { code, span, hint } of error.diagnostics) {
    console.log(code, span && placeOf(span.source.text, span.start).column, hint);
  }
}
`;

describe("the loader as a library", () => {
  it("gives the model, and the findings of a project that is refused", () => {
    writeFileSync(join(folder, "program.ts"), program);
    const output = execFileSync(process.execPath, ["program.ts"], { cwd: folder, encoding: "utf8" });
    expect(output).toBe('shop nginx:1 web,db 0 true\nunknown-attribute 18 did you mean "image"?\n');
  });

  it("has types that a strict program is checked against", () => {
    const check = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      checkTypes(folder, name);
    };
    check("program.ts", program);
    expect(() => check("wrong.ts", program.replace("image: string", "image: number"))).toThrow();
  });
});
