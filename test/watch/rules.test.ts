import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { load } from "../../src/compose/library.ts";
import type { WatchRule } from "../../src/compose/model.ts";
import { workOf } from "../../src/watch/operations.ts";
import { makeRules } from "../../src/watch/rules.ts";

/** The rules of one service, in a folder where `src` is a directory and `conf` a file. */
async function rulesOf(watch: readonly Partial<WatchRule>[], service: Record<string, unknown> = { image: "i" }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "gantry-rules-"));
  writeFileSync(
    path.join(folder, "compose.yaml"),
    JSON.stringify({ services: { web: { ...service, develop: { watch } } } }),
  );
  const { project } = await load({ cwd: folder, environment: {} });
  rmSync(folder, { recursive: true });
  const kindOf = (file: string) =>
    file.endsWith("/src") ? ("directory" as const) : file.endsWith("/conf") ? ("file" as const) : undefined;
  return { folder, ...makeRules(project, [], { kindOf, dockerignoreOf: () => undefined }) };
}

it("a file goes into a target that ends with a slash, and else becomes it", async () => {
  const { rules } = await rulesOf([
    { action: "sync", path: "conf", target: "/etc/" },
    { action: "sync", path: "conf", target: "/etc/web.conf" },
    { action: "sync", path: "src", target: "/app/" },
  ]);
  expect(rules.map(({ target }) => target)).toEqual(["/etc/conf", "/etc/web.conf", "/app"]);
});

it("leaves out, and says, what cannot work", async () => {
  const { rules, warnings, folder } = await rulesOf(
    [
      { action: "sync", path: "src", target: "relative" },
      { action: "rebuild", path: "src" },
      { action: "sync", path: "src/deep", target: "/app" },
      { action: "restart", path: "missing" },
    ],
    { image: "i", volumes: ["./src/deep:/app"] },
  );
  expect(rules.map(({ action }) => action)).toEqual(["restart"]);
  expect(warnings.map(({ message }) => message.replaceAll(`${folder}/`, ""))).toEqual([
    "the target relative is not absolute, so src is not watched",
    '"web" has no build section, so src is not watched for a rebuild',
    'src/deep is bind-mounted into "web" already, so it is not watched',
    "missing does not exist",
  ]);
});

it("a batch is one work for each service: all rules that a path meets have their say", async () => {
  const { rules, folder } = await rulesOf(
    [
      { action: "sync", path: "src", target: "/app", ignore: ["main.go"] },
      { action: "rebuild", path: "src", include: ["main.go"] },
    ],
    { build: "." },
  );
  const put = (name: string) => ({ op: "put", path: `${folder}/src/${name}`, kind: "file" }) as const;
  expect(workOf([put("a"), put("main.go")], rules).get("web")).toEqual({
    operations: [{ op: "put", source: `${folder}/src/a`, target: "/app/a" }],
    rebuild: `${folder}/src/main.go`,
    restart: false,
    exec: [],
  });
  expect(workOf([{ op: "put", path: "/elsewhere", kind: "file" }], rules).size).toBe(0);
});
