import type { Diagnostic } from "../../errors.ts";
import { type Code, problem } from "../codes.ts";
import type { ProjectModel, Service } from "../model.ts";
import type { suggestion } from "../nearest.ts";
import type { Locate, Path } from "../node.ts";

/** Every name that a service uses stands for something that is declared and, if it is a required service, enabled. */
export function checkReferences(
  service: Service,
  project: ProjectModel,
  locate: Locate,
  suggest: typeof suggestion,
): Diagnostic[] {
  const at = (...path: Path) => locate(["services", service.name, ...path]);

  const refer = (kind: string, code: Code, name: string, declared: ReadonlyMap<string, unknown>, path: Path) => {
    if (declared.has(name)) return [];
    const hint = suggest(name, declared.keys()) ?? `declare it below the top-level ${kind.split(" ").at(-1)}s`;
    return [problem(code, `service "${service.name}" refers to undefined ${kind} ${name}`, at(...path), hint)];
  };

  return [
    ...checkDependencies(service, project, at, suggest),
    ...[...(service.networks?.keys() ?? [])].flatMap((name) =>
      refer("network", "undefined-network", name, project.networks, ["networks", name]),
    ),
    ...(service.volumes ?? []).flatMap((mount, i) =>
      mount.type === "volume" && mount.source !== undefined
        ? refer("volume", "undefined-volume", mount.source, project.volumes, ["volumes", i, "source"])
        : [],
    ),
    ...(service.secrets ?? []).flatMap(({ source }, i) =>
      refer("secret", "undefined-secret", source, project.secrets, ["secrets", i, "source"]),
    ),
    ...(service.build?.secrets ?? []).flatMap(({ source }, i) =>
      refer("build secret", "undefined-secret", source, project.secrets, ["build", "secrets", i, "source"]),
    ),
    ...(service.configs ?? []).flatMap(({ source }, i) =>
      refer("config", "undefined-config", source, project.configs, ["configs", i, "source"]),
    ),
    ...[...(service.models?.keys() ?? [])].flatMap((name) =>
      refer("model", "undefined-model", name, project.models, ["models", name]),
    ),
    ...checkContexts(service, project, at, suggest),
  ];
}

type At = (...path: Path) => ReturnType<Locate>;

function checkDependencies(service: Service, project: ProjectModel, at: At, suggest: typeof suggestion): Diagnostic[] {
  return [...(service.depends_on ?? [])].flatMap(([name, dependency]) => {
    if (project.services.has(name)) return [];
    const span = at("depends_on", name);
    const disabled = project.disabled_services.get(name);
    if (disabled === undefined) {
      const message = `service "${service.name}" depends on undefined service "${name}"`;
      const hint = suggest(name, project.services.keys()) ?? "declare it below the top-level services";
      return [problem("undefined-service", message, span, hint)];
    }
    if (!dependency.required) return [];
    const message = `service "${name}" is required by "${service.name}" but is disabled`;
    const profiles = disabled.profiles ?? [];
    const hint = profiles.length === 0 ? undefined : `it can be enabled by profiles [${profiles.join(" ")}]`;
    return [problem("disabled-service", message, span, hint)];
  });
}

function checkContexts(service: Service, project: ProjectModel, at: At, suggest: typeof suggestion): Diagnostic[] {
  return [...(service.build?.additional_contexts ?? [])].flatMap(([name, context]) => {
    if (!context.startsWith("service:")) return [];
    const other = context.slice("service:".length);
    const target = project.services.get(other);
    if (target?.build !== undefined) return [];
    const what = target === undefined ? "unknown" : "non-buildable";
    const message = `service "${service.name}" declares ${what} service "${other}" as additional context ${name}`;
    const hint =
      target === undefined
        ? (suggest(other, project.services.keys()) ?? "declare it below the top-level services")
        : `give "${other}" a build section`;
    return [problem("undefined-context", message, at("build", "additional_contexts", name), hint)];
  });
}
