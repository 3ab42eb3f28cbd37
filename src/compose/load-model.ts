import type { Diagnostic, Span } from "../errors.ts";
import { canonical } from "./canonical.ts";
import { checkDocument } from "./check.ts";
import { warning } from "./codes.ts";
import { setDefaults } from "./defaults.ts";
import { resolveExtends } from "./extends.ts";
import { resolveIncludes } from "./include.ts";
import { merge } from "./merge.ts";
import { type MappingNode, type Node, nodeCount, withEntry } from "./node.ts";
import { resolveEnvironment } from "./normalise.ts";
import { resolvePaths } from "./paths.ts";
import { applyResets } from "./reset.ts";
import type { Stage } from "./stage.ts";
import { enforceUnicity } from "./unicity.ts";
import { validate } from "./validate.ts";

/** A file of a model, and the place that names it (none for the command line). */
export interface ModelFile {
  readonly path: string;
  readonly span?: Span;
}

/**
 * Loads the files of one model and lays them over each other: every YAML document is interpolated, completed by what it
 * includes and extends, merged, validated with what is there already, and written out in full; the sum gets its default
 * values, its checks and its paths. Faults are reported to the stage; undefined when no file holds anything.
 */
export async function loadModel(files: readonly ModelFile[], stage: Stage): Promise<MappingNode | undefined> {
  let model: MappingNode | undefined;
  for (const file of files) {
    for (const document of (await stage.read(file.path, file.span)) ?? []) {
      const size = nodeCount(document.root) + (model === undefined ? 0 : nodeCount(model));
      if (!stage.effort.spend(size, document.root.span)) return model;
      const whole = await resolveIncludes(document.root, document.resets, stage);
      const base = model === undefined ? undefined : applyResets(model, document.resets);
      const own = await resolveExtends({ root: whole, resets: document.resets }, file.path, stage);
      model = complete(base === undefined ? own : settle(merge(base, own), stage), stage);
    }
  }
  if (model === undefined) return undefined;
  const checked = setDefaults(model);
  for (const diagnostic of checkDocument(checked)) stage.report(diagnostic);
  const placed = stage.resolvesPaths
    ? settle(resolvePaths(checked, stage.projectDirectory, stage.home), stage)
    : checked;
  return stage.resolvesEnvironment ? resolveEnvironment(placed, stage.environment) : placed;
}

/** Validates the sum of what was merged so far, and writes it out in full. */
function complete(merged: MappingNode, stage: Stage): MappingNode {
  const unique = settle(enforceUnicity(merged), stage);
  for (const diagnostic of validate(unique)) stage.report(diagnostic);
  const current = withoutVersion(unique, stage);
  const long = settle(canonical(current, { lenient: !stage.interpolates }), stage);
  return settle(enforceUnicity(omitEmptyServers(long)), stage);
}

function settle(
  result: { readonly node: MappingNode; readonly diagnostics: readonly Diagnostic[] },
  stage: Stage,
): MappingNode {
  for (const diagnostic of result.diagnostics) stage.report(diagnostic);
  return result.node;
}

function withoutVersion(model: MappingNode, stage: Stage): MappingNode {
  const version = model.entries.get("version");
  if (version === undefined) return model;
  const message = "the attribute `version` is obsolete, it will be ignored";
  stage.report(warning("obsolete-version", message, version.keySpan, "remove it to avoid potential confusion"));
  const entries = new Map(model.entries);
  entries.delete("version");
  return { ...model, entries };
}

/** Empty `dns` entries, as an unset variable leaves them, are no servers. */
function omitEmptyServers(model: MappingNode): MappingNode {
  const services = model.entries.get("services")?.value;
  if (services?.kind !== "mapping") return model;
  let changed = services;
  for (const [name, { value }] of services.entries) {
    if (value.kind !== "mapping") continue;
    const dns = value.entries.get("dns")?.value;
    if (dns?.kind !== "sequence" || !dns.items.some(isEmptyText)) continue;
    const servers = { ...dns, items: dns.items.filter((item) => !isEmptyText(item)) };
    changed = withEntry(changed, name, withEntry(value, "dns", servers));
  }
  return changed === services ? model : withEntry(model, "services", changed);
}

function isEmptyText(node: Node): boolean {
  return node.kind === "scalar" && node.type === "string" && node.value === "";
}
