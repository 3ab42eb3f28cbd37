import type { FileReference, ProjectModel, Secret, Service } from "../compose/model.ts";
import type { MountSpec } from "../engine/api.ts";
import type { BodyFacts, Warn } from "./body-facts.ts";
import type { InjectedFile } from "./plan.ts";

type Kind = "secrets" | "configs";

interface Use {
  readonly kind: Kind;
  readonly index: number;
  readonly reference: FileReference;
  readonly source: Secret;
  /** Absolute path in the container. */
  readonly target: string;
}

/** Secrets and configs with a host file: mounted from it, read-only. */
export function fileMounts(
  facts: BodyFacts,
  warn: Warn,
): readonly { readonly field: string; readonly mount: MountSpec }[] {
  return uses(facts).flatMap(({ kind, index, reference, source, target }) => {
    const { file } = source;
    if (file === undefined || isInjected(source)) return [];
    for (const attribute of ["uid", "gid", "mode"] as const) {
      if (reference[attribute] === undefined) continue;
      warn("no-effect", [kind, index, attribute], `${attribute} has no effect on a file that is mounted from the host`);
    }
    if (!facts.fileDigests.has(file)) {
      warn(
        "unreadable-file",
        [kind, index],
        `the file of ${singular(kind)} "${reference.source}" cannot be read: ${file}`,
      );
    }
    const mount: MountSpec = { Type: "bind", Source: file, Target: target, ReadOnly: true };
    return [{ field: `${kind}.${reference.source}`, mount }];
  });
}

/** Secrets and configs from a variable or with literal content: written into the container before it starts. */
export function injectedFiles(facts: BodyFacts, warn: Warn): readonly InjectedFile[] {
  return uses(facts).flatMap((use) => {
    const { kind, index, reference, source, target } = use;
    const what = `${singular(kind)} "${reference.source}"`;
    const refuse = (attribute: readonly string[], message: string) => {
      warn("unsupported", [kind, index, ...attribute], message);
      return [];
    };
    if (source.external) return refuse([], `${what} is external: an engine without a cluster keeps no ${kind}`);
    if (source.driver !== undefined) return refuse([], `${what}: driver is not supported`);
    if (source.template_driver !== undefined) return refuse([], `${what}: template_driver is not supported`);
    if (!isInjected(source)) {
      return source.file === undefined ? refuse([], `${what} has neither file, environment nor content`) : [];
    }
    if (source.content === undefined) {
      return refuse([], `${what} needs the environment variable "${source.environment}", which is not set`);
    }
    if (facts.service.read_only) {
      return refuse([], `${what} cannot be written into a read-only container; declare it by file, or drop read_only`);
    }
    const uid = numericId(reference.uid);
    const gid = numericId(reference.gid);
    if (uid === undefined) return refuse(["uid"], `uid of ${what} must be a number`);
    if (gid === undefined) return refuse(["gid"], `gid of ${what} must be a number`);
    return [{ path: target, content: source.content, uid, gid, mode: reference.mode ?? 0o444 }];
  });
}

/** Absolute paths of the host files that a service's secrets and configs are: their digests are needed for its fields. */
export function filePaths(project: ProjectModel, service: Service): readonly string[] {
  const sources = uses({ project, service }).map(({ source }) => source);
  return [...new Set(sources.flatMap((source) => (isInjected(source) ? [] : (source.file ?? []))))];
}

function isInjected(source: Secret): boolean {
  return source.environment !== undefined || source.content !== undefined;
}

function singular(kind: Kind): string {
  return kind === "secrets" ? "secret" : "config";
}

function numericId(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return 0;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function uses({ project, service }: Pick<BodyFacts, "project" | "service">): readonly Use[] {
  const of = (kind: Kind, references: readonly FileReference[] | undefined, below: string) =>
    (references ?? []).flatMap((reference, index): Use[] => {
      const source = project[kind].get(reference.source);
      if (source === undefined) return [];
      const { target = reference.source } = reference;
      return [{ kind, index, reference, source, target: target.startsWith("/") ? target : `${below}${target}` }];
    });
  return [...of("secrets", service.secrets, "/run/secrets/"), ...of("configs", service.configs, "/")];
}
