import { hash } from "node:crypto";
import type { FileReference, Mount, Port, ProjectModel, Secret, Service } from "../compose/model.ts";
import type { BodyFacts, FieldDigests } from "./body-facts.ts";
import { seccompProfilePaths } from "./body-security.ts";

/** Raised when digests of the same value change; containers with another number are compared by their inspect. */
const format = "1";

/**
 * Attributes that do not reach the container: a change of them alone replaces nothing. Some are read by the planner
 * (`scale`), some by other commands (`develop`), some were merged into others by the loader (`env_file`).
 */
const withoutEffect: ReadonlySet<string> = new Set([
  "name",
  "extensions",
  "build",
  "image",
  "pull_policy",
  "pull_refresh_after",
  "scale",
  "depends_on",
  "profiles",
  "develop",
  "attach",
  "pre_start",
  "post_start",
  "pre_stop",
  "provider",
  "models",
  "env_file",
  "label_file",
]);

/** Lists whose order says nothing. */
const sets: ReadonlySet<string> = new Set([
  "cap_add",
  "cap_drop",
  "device_cgroup_rules",
  "devices",
  "expose",
  "external_links",
  "group_add",
  "links",
  "security_opt",
  "volumes_from",
]);

type Facts = Pick<BodyFacts, "project" | "service" | "image" | "imageReference" | "fileDigests" | "seccompProfiles">;

/**
 * The fields of a service as wanted, with the names that networks and volumes have on the engine, and with
 * `service:x` references as they are written. Values are never kept, only digests: labels are no place for secrets.
 */
export function fieldDigests(facts: Facts): FieldDigests {
  const values = new Map<string, unknown>([["image", facts.imageReference]]);
  const { project, service } = facts;
  for (const [attribute, value] of Object.entries(service)) {
    if (withoutEffect.has(attribute) || value === undefined || value === null) continue;
    const special = specials.get(attribute);
    if (special !== undefined) special(facts, values);
    else if (sets.has(attribute) && Array.isArray(value)) values.set(attribute, value.map(canonicalText).sort());
    else flatten(attribute, value, values);
  }
  for (const [name, secret] of fileSources(project, service)) {
    if (secret.content !== undefined) values.set(`${name} (content)`, secret.content);
    else if (secret.file !== undefined) values.set(`${name} (content)`, facts.fileDigests.get(secret.file) ?? null);
  }
  const profiles = seccompProfilePaths(project, service).map((path) => facts.seccompProfiles?.get(path) ?? null);
  if (profiles.length > 0) values.set("security_opt (content)", profiles);
  const fields = [...values].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(fields.map(([field, value]) => [field, digest(field, value)]));
}

/** The label's text: compact JSON, equal for equal fields. */
export function fieldsText(fields: FieldDigests): string {
  return JSON.stringify(Object.fromEntries([["format", format], ...fields]));
}

/** The value of the config-hash label, by which docker compose knows its containers: 64 hex digits. */
export function configHash(fields: FieldDigests): string {
  return sha256(fieldsText(fields));
}

/** Reads the label; undefined when it is absent, damaged, or of another format. */
export function parseFields(text: string | undefined): FieldDigests | undefined {
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const fields = new Map<string, string>();
  for (const [field, value] of Object.entries(parsed)) if (typeof value === "string") fields.set(field, value);
  if (fields.get("format") !== format) return undefined;
  fields.delete("format");
  return fields;
}

/** Names of the fields that were added, removed or changed, sorted. */
export function changedFields(before: FieldDigests, after: FieldDigests): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((field) => before.get(field) !== after.get(field)).sort();
}

/** The sha256 of a text, in hex. */
export function sha256(text: string): string {
  return hash("sha256", text);
}

/** JSON with sorted keys: equal texts for values that mean the same. Maps are objects, extensions are left out. */
export function canonicalText(value: unknown): string {
  if (value instanceof Map) return objectText([...value]);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    return objectText(Object.entries(value).filter(([key, v]) => key !== "extensions" && v !== undefined));
  }
  return JSON.stringify(value ?? null);
}

function objectText(entries: readonly (readonly [unknown, unknown])[]): string {
  const members = entries.map(([key, value]) => `${JSON.stringify(String(key))}:${canonicalText(value)}`);
  return `{${members.sort().join(",")}}`;
}

/** The field's name is hashed too, so that equal values in different places have different digests. */
function digest(field: string, value: unknown): string {
  return sha256(`${field}\0${canonicalText(value)}`).slice(0, 8);
}

/** Maps and objects field by field, everything else as one. */
function flatten(field: string, value: unknown, into: Map<string, unknown>): void {
  if (value instanceof Map) for (const [key, item] of value) into.set(`${field}.${key}`, item);
  else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (key !== "extensions" && item !== undefined) flatten(`${field}.${key}`, item, into);
    }
  } else into.set(field, value);
}

type Special = (facts: Facts, into: Map<string, unknown>) => void;

const specials: ReadonlyMap<string, Special> = new Map<string, Special>([
  ["environment", environmentFields],
  ["ports", portFields],
  ["volumes", mountFields],
  ["tmpfs", tmpfsFields],
  ["networks", networkFields],
  ["secrets", ({ service }, into) => referenceFields("secrets", service.secrets, into)],
  ["configs", ({ service }, into) => referenceFields("configs", service.configs, into)],
  ["deploy", deployFields],
]);

/** A variable that is set nowhere matters only where it takes the image's away. */
function environmentFields({ service, image }: Facts, into: Map<string, unknown>): void {
  const own = imageVariables(image);
  for (const [key, value] of service.environment ?? []) {
    if (value !== null || own.has(key)) into.set(`environment.${key}`, value);
  }
}

/** The names of the variables that an image sets. */
export function imageVariables(image: BodyFacts["image"]): ReadonlySet<string> {
  return new Set(image?.env.map((text) => text.replace(/=.*$/s, "")));
}

function portFields({ service }: Facts, into: Map<string, unknown>): void {
  const text = ({ host_ip, target, published, protocol }: Port) =>
    canonicalText({ host_ip, target, published, protocol: protocol ?? "tcp" });
  if (service.ports !== undefined && service.ports.length > 0) into.set("ports", service.ports.map(text).sort());
}

function mountFields({ project, service }: Facts, into: Map<string, unknown>): void {
  for (const mount of service.volumes ?? []) {
    into.set(`volumes.${mount.target}`, { ...mount, source: mountSource(project, mount) });
  }
}

function tmpfsFields({ service }: Facts, into: Map<string, unknown>): void {
  for (const entry of service.tmpfs ?? []) {
    const [path = "", options] = entry.split(/:(.*)/s);
    into.set(`tmpfs.${path}`, options ?? "");
  }
}

function networkFields({ project, service }: Facts, into: Map<string, unknown>): void {
  for (const [key, settings] of service.networks ?? []) {
    into.set(`networks.${key}`, { name: project.networks.get(key)?.name ?? key, settings });
  }
}

function referenceFields(
  kind: string,
  references: readonly FileReference[] | undefined,
  into: Map<string, unknown>,
): void {
  for (const [source, uses] of Map.groupBy(references ?? [], (reference) => reference.source)) {
    into.set(`${kind}.${source}`, uses);
  }
}

/** Of `deploy`, only resources and the restart policy reach a container. */
function deployFields({ service }: Facts, into: Map<string, unknown>): void {
  const { resources, restart_policy: policy } = service.deploy ?? {};
  flatten("deploy.resources.limits", resources?.limits ?? {}, into);
  flatten(
    "deploy.resources.reservations",
    { memory: resources?.reservations?.memory, devices: resources?.reservations?.devices },
    into,
  );
  flatten("deploy.restart_policy", { condition: policy?.condition, max_attempts: policy?.max_attempts }, into);
}

/** The source of a mount as the engine knows it: a volume's name there, everything else as it is. */
export function mountSource(project: ProjectModel, mount: Mount): string | undefined {
  if (mount.type !== "volume" || mount.source === undefined) return mount.source;
  return project.volumes.get(mount.source)?.name ?? mount.source;
}

/** The secrets and configs that a service uses, by field name. */
function fileSources(project: ProjectModel, service: Service): ReadonlyMap<string, Secret> {
  const sources = new Map<string, Secret>();
  for (const { source } of service.secrets ?? []) {
    const secret = project.secrets.get(source);
    if (secret !== undefined) sources.set(`secrets.${source}`, secret);
  }
  for (const { source } of service.configs ?? []) {
    const config = project.configs.get(source);
    if (config !== undefined) sources.set(`configs.${source}`, config);
  }
  return sources;
}
