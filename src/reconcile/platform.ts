import type { ProjectModel, Service } from "../compose/model.ts";

/** The platform of a service's image, `linux/arm64`: its own, else DOCKER_DEFAULT_PLATFORM; undefined: the engine's. */
export function platformOf(project: ProjectModel, service: Service): string | undefined {
  return service.platform ?? (project.environment.get("DOCKER_DEFAULT_PLATFORM") || undefined);
}

/**
 * Whether a platform that an image has is the one that is wanted. A variant counts where both have one; the names that
 * machines have for themselves (`x86_64`, `aarch64`) are known.
 * Source: containerd, package platforms: normalisation.
 */
export function isPlatform(wanted: string, actual: string): boolean {
  const [a, b] = [parts(wanted), parts(actual)];
  const isSameVariant = a.variant === undefined || b.variant === undefined || a.variant === b.variant;
  return a.os === b.os && a.architecture === b.architecture && isSameVariant;
}

const aliases: ReadonlyMap<string, string> = new Map([
  ["x86_64", "amd64"],
  ["x86-64", "amd64"],
  ["aarch64", "arm64"],
  ["armhf", "arm"],
  ["i386", "386"],
]);

function parts(text: string): { os: string; architecture: string; variant: string | undefined } {
  const segments = text.toLowerCase().split("/");
  const [os = "", architecture = "", variant] = segments.length === 1 ? ["linux", ...segments] : segments;
  return { os, architecture: aliases.get(architecture) ?? architecture, variant: variant || undefined };
}
