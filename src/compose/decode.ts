import type { Diagnostic } from "../errors.ts";
import { reader } from "./decode/reader.ts";
import { decodeModel, decodeNetwork, decodeSecret, decodeVolume } from "./decode/resources.ts";
import { decodeService } from "./decode/service.ts";
import type { ProjectModel } from "./model.ts";
import type { MappingNode } from "./node.ts";

/** What the model says beside the document: how the project was found. */
export type ProjectFacts = Pick<ProjectModel, "name" | "working_dir" | "compose_files" | "env_files" | "environment">;

/**
 * The model of a normalised document (normalise.ts): durations, sizes, modes and command lines are parsed here, `x-` keys
 * become extensions. Every service is in `services`; profiles and selection come after (select.ts).
 */
export function decode(
  document: MappingNode,
  facts: ProjectFacts,
): { project: ProjectModel; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const root = reader(document, [], diagnostics);
  const project: ProjectModel = {
    name: facts.name,
    working_dir: facts.working_dir,
    compose_files: facts.compose_files,
    env_files: facts.env_files,
    environment: facts.environment,
    services: root.named("services", (service, name) => decodeService(name, service)) ?? new Map(),
    disabled_services: new Map(),
    networks: root.named("networks", decodeNetwork) ?? new Map(),
    volumes: root.named("volumes", decodeVolume) ?? new Map(),
    secrets: root.named("secrets", decodeSecret) ?? new Map(),
    configs: root.named("configs", decodeSecret) ?? new Map(),
    models: root.named("models", decodeModel) ?? new Map(),
    extensions: root.extensions(),
  };
  return { project, diagnostics };
}
