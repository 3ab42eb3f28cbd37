import { dirname, isAbsolute, join } from "node:path";
import { attributeNodeAt } from "./attributes.ts";
import { canonical } from "./canonical.ts";
import { problem } from "./codes.ts";
import { merge } from "./merge.ts";
import { suggestion } from "./nearest.ts";
import { child, type MappingNode, mapValues, type Node, nodeCount, type Path, withEntry } from "./node.ts";
import type { ParsedDocument } from "./parse.ts";
import { rebasePaths } from "./paths.ts";
import { applyResets, resetsBelow } from "./reset.ts";
import type { Stage } from "./stage.ts";
import { enforceUnicity } from "./unicity.ts";

/** Services that may be extended, and the file that they stand in, as it was written. */
interface Family {
  readonly file: string;
  readonly written: string | undefined;
  readonly services: MappingNode;
  readonly resets: readonly Path[];
  /** Services that were found to extend themselves in the end. */
  readonly circles: Set<string>;
  /** Services that are done. */
  readonly resolved: Map<string, Node | undefined>;
}

/** A chain of services that extend each other may be this long. */
const longestChain = 200;

/** Files that services of one document extend, by path. */
type Families = Map<string, Promise<Family | undefined>>;

/**
 * Replaces `extends` in every service of a document by what it means: the other service, read from its file if it has one,
 * with this one laid over it.
 * Source: compose-spec, "extends"; compose-go loader/extends.go.
 */
export async function resolveExtends(document: ParsedDocument, file: string, stage: Stage): Promise<MappingNode> {
  const services = child(document.root, "services");
  if (services?.kind !== "mapping") return document.root;
  const family: Family = {
    file,
    written: undefined,
    services,
    resets: document.resets,
    circles: new Set(),
    resolved: new Map(),
  };
  const families: Families = new Map();
  const resolved = new Map<string, Node>();
  for (const [name, { value }] of services.entries) {
    if (child(value, "extends") === undefined) continue;
    const service = await resolveService(name, family, families, stage, []);
    if (service !== undefined) resolved.set(name, service);
  }
  if (resolved.size === 0) return document.root;
  return withEntry(
    document.root,
    "services",
    mapValues(services, (service, name) => resolved.get(name) ?? service),
  );
}

interface Link {
  readonly file: string;
  readonly service: string;
}

async function resolveService(
  name: string,
  family: Family,
  families: Families,
  stage: Stage,
  trail: readonly Link[],
): Promise<Node | undefined> {
  if (family.resolved.has(name)) return family.resolved.get(name);
  const service = await extended(name, family, families, stage, trail);
  family.resolved.set(name, service);
  return service;
}

/** A service laid over what it extends. */
async function extended(
  name: string,
  family: Family,
  families: Families,
  stage: Stage,
  trail: readonly Link[],
): Promise<Node | undefined> {
  const service = family.services.entries.get(name)?.value;
  const extension = child(service, "extends");
  if (service?.kind !== "mapping" || extension === undefined) return service;
  const { target, file } = targetOf(extension);
  if (target === undefined || target.kind !== "scalar" || target.type !== "string") {
    const message = `extends.${name}.service is required`;
    stage.report(problem("missing-attribute", message, extension.span, "name the service to extend"));
    return without(service, "extends");
  }
  const link: Link = { file: family.file, service: name };
  if (trail.some((other) => other.file === link.file && other.service === name)) {
    // Every service of the circle comes upon it; the first one tells.
    if (family.circles.has(name)) return without(service, "extends");
    for (const { service: of } of trail) family.circles.add(of);
    const [first, ...rest] = [...trail, link].map(({ file: at, service: of }) => `${of} in ${at}`);
    const message = `Circular reference: ${first}${rest.map((step) => `, extends ${step}`).join("")}`;
    stage.report(problem("extends-cycle", message, extension.span, "one of them has to stand on its own"));
    return without(service, "extends");
  }
  if (trail.length > longestChain) {
    const message = `more than ${longestChain} services extend each other in a row`;
    stage.report(problem("too-deep", message, extension.span, "extend the last one of them"));
    return without(service, "extends");
  }
  const other = file === undefined ? family : await familyOf(name, file, families, stage);
  if (other === undefined) return without(service, "extends");
  const baseName = String(target.value);
  if (!other.services.entries.has(baseName)) {
    const where = other.written === undefined ? "" : ` in ${other.written}`;
    stage.report(
      problem(
        "undefined-service",
        `cannot extend service "${name}" in ${family.file}: service "${baseName}" not found${where}`,
        target.span,
        suggestion(baseName, other.services.entries.keys()) ?? "name a service of that file",
      ),
    );
    return without(service, "extends");
  }
  const base = await resolveService(baseName, other, families, stage, [...trail, link]);
  const own = without(service, "extends");
  if (base?.kind !== "mapping" || !stage.effort.spend(nodeCount(base), target.span)) return own;
  const start = { attributes: attributeNodeAt(["services", name]), path: ["services", name] };
  const cleared = applyResets(base, resetsBelow(family.resets, start.path));
  const merged = merge(cleared, own, start);
  const unique = enforceUnicity(merged.node, start);
  for (const diagnostic of [...merged.diagnostics, ...unique.diagnostics]) stage.report(diagnostic);
  return unique.node;
}

function targetOf(extension: Node): { target: Node | undefined; file: Node | undefined } {
  if (extension.kind === "scalar") return { target: extension, file: undefined };
  const file = child(extension, "file");
  const isGiven = file?.kind === "scalar" && file.type === "string" && file.value !== "";
  return { target: child(extension, "service"), file: isGiven ? file : undefined };
}

/** The services of another file, which is read once. */
function familyOf(name: string, file: Node, families: Families, stage: Stage): Promise<Family | undefined> {
  const written = file.kind === "scalar" ? file.text : "";
  const known = families.get(written) ?? readFamily(name, file, stage);
  families.set(written, known);
  return known;
}

/** Reads the services of another file; every path in them is made relative to the project's directory. */
async function readFamily(name: string, file: Node, stage: Stage): Promise<Family | undefined> {
  const written = file.kind === "scalar" ? file.text : "";
  const located = await stage.locate(written, file.span);
  const local = isAbsolute(written) ? written : join(stage.projectDirectory, written);
  const path = located === undefined ? local : located.path;
  if (path === undefined) return undefined;
  stage.explain(path, { message: `service "${name}" extends a service of that file here`, span: file.span });
  const documents = await stage.read(path, file.span);
  if (documents === undefined) return undefined;
  let root: MappingNode | undefined;
  const resets: Path[] = [];
  for (const document of documents) {
    resets.push(...document.resets);
    const merged: { node: MappingNode } =
      root === undefined ? { node: document.root } : merge(applyResets(root, document.resets), document.root);
    root = enforceUnicity(merged.node).node;
  }
  const services = child(root, "services");
  if (root === undefined || services?.kind !== "mapping") {
    const fault = services === undefined ? "no services section" : "services must be a mapping";
    const message = `cannot extend service "${name}" in ${path}: ${fault}`;
    stage.report(problem("undefined-service", message, file.span));
    return undefined;
  }
  const long = canonical(root, { lenient: !stage.interpolates });
  for (const diagnostic of long.diagnostics) stage.report(diagnostic);
  const rebased = rebasePaths(long.node, dirname(path), stage.projectDirectory);
  const rebasedServices = child(rebased, "services");
  if (rebasedServices?.kind !== "mapping") return undefined;
  return { file: path, written, services: rebasedServices, resets, circles: new Set(), resolved: new Map() };
}

function without(service: MappingNode, key: string): MappingNode {
  const entries = new Map(service.entries);
  entries.delete(key);
  return { ...service, entries };
}
