/** What is built of real projects: beside what docker compose says their `build` sections are. */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { recordedCases } from "../../scripts/conformance.mjs";
import { load } from "../../src/compose/load.ts";
import { buildOrder } from "../../src/reconcile/build-order.ts";

const corpus = join(import.meta.dirname, "../../../shared/corpus");

interface RecordedBuild {
  readonly context: string;
  readonly dockerfile?: string;
  readonly args?: Readonly<Record<string, string | null>>;
  readonly target?: string;
  readonly cache_from?: readonly string[];
  readonly isolation?: string;
}

interface Recorded {
  readonly name: string;
  readonly accepted: boolean;
  readonly dir: string;
  readonly files: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly env_file?: string | null;
  readonly model?: { readonly services?: Readonly<Record<string, { readonly build?: RecordedBuild }>> };
}

const buildsOf = ({ model }: Recorded) =>
  Object.entries(model?.services ?? {}).flatMap(([service, { build }]) =>
    build === undefined ? [] : [[service, build] as const],
  );

/** Told in the order's words; what is not set has no value there. */
function asOrder(build: RecordedBuild) {
  const { context, dockerfile = "Dockerfile", args = {}, target, cache_from, isolation } = build;
  return {
    context,
    dockerfile: /:\/\/|^git@/.test(context) ? dockerfile : resolve(context, dockerfile),
    args: Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null)),
    target,
    cacheFrom: cache_from,
    isolation,
  };
}

describe.runIf(existsSync(corpus))("builds of real projects", () => {
  it("are ordered from the places, with the arguments, that docker compose has", async () => {
    let compared = 0;
    const all: readonly Recorded[] = recordedCases(corpus);
    for (const recorded of all.filter(({ accepted }) => accepted)) {
      const builds = buildsOf(recorded);
      if (builds.length === 0) continue;
      const { project } = await load({
        cwd: join(corpus, "cases", recorded.dir),
        environment: new Map(Object.entries({ HOME: "/nonexistent", ...recorded.env })),
        files: recorded.files,
        profiles: ["*"],
        ...(recorded.env_file ? { envFiles: [recorded.env_file] } : {}),
      });
      for (const [name, build] of builds) {
        const service = project.services.get(name);
        const told = asOrder(JSON.parse(JSON.stringify(build).replaceAll("{corpus}", join(corpus, "cases"))));
        const planned = service && buildOrder(project, service, { version: "1.0.0" });
        expect({ case: recorded.name, planned }).toMatchObject({
          case: recorded.name,
          planned: { findings: [], order: { name, ...JSON.parse(JSON.stringify(told)) } },
        });
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(400);
  });
});
