import type { Diagnostic } from "../../errors.ts";
import { problem } from "../codes.ts";
import { dependencyGraph } from "../graph.ts";
import type { ProjectModel } from "../model.ts";
import { suggester } from "../nearest.ts";
import type { Locate } from "../node.ts";
import { checkReferences } from "./references.ts";
import { checkService } from "./service.ts";

/**
 * The rules across a project: every name that an enabled service uses is declared, attributes of a service do not
 * contradict each other, container names are used once, dependencies have no cycle. Disabled services are not checked.
 *
 * @param locate where a path of the model was written, for the diagnostics' places
 */
export function checkProject(project: ProjectModel, locate: Locate): Diagnostic[] {
  const suggest = suggester(100);
  return [
    ...[...project.services.values()].flatMap((service) => [
      ...checkService(service, locate),
      ...checkReferences(service, project, locate, suggest),
    ]),
    ...checkContainerNames(project, locate),
    ...checkSecrets(project, locate),
    ...checkCycles(project, locate),
  ];
}

function checkContainerNames(project: ProjectModel, locate: Locate): Diagnostic[] {
  const owners = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  for (const { name, container_name } of project.services.values()) {
    if (container_name === undefined) continue;
    const owner = owners.get(container_name);
    if (owner === undefined) {
      owners.set(container_name, name);
      continue;
    }
    const message = `services.${name}: container name "${container_name}" is already in use by service "${owner}"`;
    const span = locate(["services", name, "container_name"]);
    const first = locate(["services", owner, "container_name"]);
    diagnostics.push({
      ...problem("duplicate-container-name", message, span, "container names are unique on an engine"),
      notes: [{ message: `service "${owner}" has it here`, ...(first && { span: first }) }],
    });
  }
  return diagnostics;
}

function checkSecrets(project: ProjectModel, locate: Locate): Diagnostic[] {
  return [...project.secrets].flatMap(([name, secret]) => {
    if (secret.external || secret.file !== undefined || secret.environment !== undefined) return [];
    const message = `secret "${name}" must declare either \`file\` or \`environment\``;
    return [problem("missing-source", message, locate(["secrets", name]), "add one of them")];
  });
}

function checkCycles(project: ProjectModel, locate: Locate): Diagnostic[] {
  return dependencyGraph(project.services).cycles.map((cycle) => {
    const [first = "", second = ""] = cycle;
    const message = `dependency cycle detected: ${cycle.join(" -> ")}`;
    const rest = cycle.slice(1, -1).map((name, i) => {
      const span = locate(["services", name, "depends_on", cycle[i + 2] ?? ""]);
      return { message: `"${name}" depends on "${cycle[i + 2]}" here`, ...(span && { span }) };
    });
    const span = locate(["services", first, "depends_on", second]);
    const finding = problem("dependency-cycle", message, span, "one of them has to come first");
    return rest.length === 0 ? finding : { ...finding, notes: rest };
  });
}
