import { canonical } from "../../src/compose/canonical.ts";
import { decode } from "../../src/compose/decode.ts";
import { setDefaults } from "../../src/compose/defaults.ts";
import type { ProjectModel } from "../../src/compose/model.ts";
import { type Locate, locateIn } from "../../src/compose/node.ts";
import { normalise } from "../../src/compose/normalise.ts";
import type { Diagnostic } from "../../src/errors.ts";
import { document } from "./document.ts";

/** The model of one file through the stages from canonical to decode, for tests of decode and what comes behind it. */
export function project(
  text: string,
  environment: ReadonlyMap<string, string> = new Map(),
): { project: ProjectModel; diagnostics: Diagnostic[]; locate: Locate } {
  const long = canonical(document(text), { lenient: false });
  const node = normalise(setDefaults(long.node), "shop", environment);
  const facts = { name: "shop", working_dir: "/project", compose_files: [], env_files: [], environment };
  const decoded = decode(node, facts);
  return {
    project: decoded.project,
    diagnostics: [...long.diagnostics, ...decoded.diagnostics],
    locate: locateIn(node),
  };
}
