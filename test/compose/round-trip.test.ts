import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { recordedCases } from "../../scripts/conformance.mjs";
import { load } from "../../src/compose/load.ts";
import { renderJson, renderYaml } from "../../src/compose/render.ts";
import { pruneResources } from "../../src/compose/select.ts";

const corpus = join(import.meta.dirname, "../../../shared/corpus");

/** What `config` prints is read from standard input, with nothing else to draw on. */
async function loadAgain(yaml: string) {
  const { project } = await load({
    cwd: "/nonexistent",
    environment: new Map(),
    files: ["-"],
    profiles: ["*"],
    readStdin: async () => yaml,
  });
  return pruneResources(project);
}

describe.runIf(existsSync(corpus))("what config prints of a real project", () => {
  it("is the same project when it is loaded again, without its files and its environment", async () => {
    let compared = 0;
    const differing: string[] = [];
    for (const recorded of recordedCases(corpus)) {
      if (!recorded.accepted) continue;
      const { project } = await load({
        cwd: join(corpus, "cases", recorded.dir),
        environment: new Map(Object.entries({ HOME: "/nonexistent", ...recorded.env })),
        files: recorded.files,
        profiles: ["*"],
        ...(recorded.env_file ? { envFiles: [recorded.env_file] } : {}),
      });
      const model = pruneResources(project);
      const yaml = renderYaml(model);
      const again = await loadAgain(yaml);
      compared++;
      if (renderYaml(again) !== yaml || JSON.stringify(renderJson(again)) !== JSON.stringify(renderJson(model))) {
        differing.push(recorded.name);
      }
    }
    expect(differing).toEqual([]);
    expect(compared).toBeGreaterThan(100);
  });
});
