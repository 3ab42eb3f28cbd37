import { describe, expect } from "vitest";
import { parse } from "yaml";
import type { MountPoint } from "../../src/engine/api.ts";
import type { ContainerSpec } from "../../src/reconcile/body-facts.ts";
import { containerSpec } from "../../src/reconcile/container-body.ts";
import { imageReference } from "../../src/reconcile/names.ts";
import { goldenCases } from "./golden.ts";
import { projectOf } from "./project.ts";

/** What a case says beside the file; everything may be left out. */
interface Facts {
  readonly apiVersion?: string;
  readonly environment?: Record<string, string>;
  /** Paths of secrets and configs that can be read. */
  readonly files?: readonly string[];
  readonly seccomp?: Record<string, string>;
  readonly mountedImages?: Record<string, string>;
  readonly imageEnv?: readonly string[];
  readonly imageVolumes?: readonly string[];
  readonly inherited?: readonly MountPoint[];
  /** `shown`: the golden text has the labels too. */
  readonly labels?: string;
}

describe("the body of a service's container", () => {
  goldenCases(new URL("body/", import.meta.url), ["body"], golden);
});

function golden(given: ReadonlyMap<string, string>): string {
  const facts: Facts = parse(given.get("facts") ?? "") ?? {};
  const service = given.get("service")?.replaceAll(/^/gm, "    ");
  const spec = specOf(given.get("compose.yaml") ?? `services:\n  web:\n${service}`, facts);
  const parts = [`-- body --\n${json(shown(spec, facts))}`];
  if (spec.platform !== undefined) parts.push(`-- platform --\n${spec.platform}\n`);
  if (spec.files.length > 0) parts.push(`-- files --\n${json(spec.files)}`);
  if (spec.connect.length > 0) parts.push(`-- connect --\n${json(spec.connect)}`);
  const warnings = spec.warnings.map((w) => `${w.severity} ${w.code} ${w.path.join(".")}: ${w.message}\n`);
  if (warnings.length > 0) parts.push(`-- warnings --\n${warnings.join("")}`);
  return parts.join("");
}

function specOf(text: string, facts: Facts): ContainerSpec {
  const project = projectOf(text, new Map(Object.entries(facts.environment ?? {})));
  const service = project.services.get("web");
  if (service === undefined) throw new Error("a case needs a service named web");
  return containerSpec({
    project,
    service,
    number: 1,
    image: { id: "sha256:111", env: facts.imageEnv ?? [], volumes: facts.imageVolumes ?? [], hasHealthcheck: false },
    imageReference: imageReference(project, service),
    apiVersion: facts.apiVersion ?? "1.51",
    containerOf: (name) => `container:{${name}}`,
    fileDigests: new Map((facts.files ?? []).map((path) => [path, `digest of ${path}`])),
    seccompProfiles: new Map(Object.entries(facts.seccomp ?? {})),
    mountedImages: new Map(Object.entries(facts.mountedImages ?? {})),
    inheritedVolumes: facts.inherited ?? [],
    version: "0.1.0",
  });
}

/** The body without what every body has; labels.txt and the first test of the planner's goldens show it whole. */
function shown({ body }: ContainerSpec, facts: Facts): unknown {
  if (facts.labels === "shown") return body;
  const { Labels, AttachStdin, AttachStdout, AttachStderr, StdinOnce, ...rest } = body;
  expect({ AttachStdin, AttachStdout, AttachStderr, StdinOnce }).toEqual({
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    StdinOnce: false,
  });
  expect(Labels).toHaveProperty(["com.docker.compose.service"], "web");
  return rest;
}

/** JSON with one line for what fits on one. */
function json(value: unknown): string {
  return `${layout(value, "")}\n`;
}

function layout(value: unknown, indent: string): string {
  const line = JSON.stringify(value);
  if (typeof value !== "object" || value === null || (indent !== "" && line.length + indent.length < 100)) return line;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => `${inner}${layout(item, inner)}`).join(",\n")}\n${indent}]`;
  }
  const members = Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${layout(item, inner)}`);
  return `{\n${members.join(",\n")}\n${indent}}`;
}
