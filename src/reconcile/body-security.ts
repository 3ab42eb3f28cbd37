import { resolve } from "node:path";
import type { ProjectModel, Service } from "../compose/model.ts";
import type { BodyFacts, Warn } from "./body-facts.ts";

export interface SecurityPart {
  readonly options: readonly string[];
  /** `systempaths=unconfined`: nothing below /proc and /sys is masked. */
  readonly unmasked: boolean;
}

/**
 * `security_opt` and `credential_spec`. A seccomp profile is given by path in the file, and by content to the engine.
 */
export function securityPart(facts: BodyFacts, warn: Warn): SecurityPart {
  const { project, service } = facts;
  const options: string[] = [];
  let unmasked = false;
  service.security_opt?.forEach((option, i) => {
    const path = ["security_opt", i];
    const profile = seccompProfile(project, option);
    if (option === "systempaths=unconfined") unmasked = true;
    else if (profile === undefined) {
      if (/[=:]/.test(option) || option === "no-new-privileges") options.push(option);
      else warn("unsupported", path, `security_opt: "${option}" is not NAME=VALUE`);
    } else {
      const compact = compactJson(facts.seccompProfiles?.get(profile));
      if (compact === undefined) warn("unsupported", path, `seccomp profile cannot be read as JSON: ${profile}`);
      else options.push(`seccomp=${compact}`);
    }
  });
  const credentials = credentialOption(facts, warn);
  if (credentials !== undefined) options.push(credentials);
  return { options, unmasked };
}

/** Absolute paths of the seccomp profiles that a service names: their texts are needed for its body. */
export function seccompProfilePaths(project: ProjectModel, service: Service): readonly string[] {
  return (service.security_opt ?? []).flatMap((option) => seccompProfile(project, option) ?? []);
}

function seccompProfile(project: ProjectModel, option: string): string | undefined {
  const value = /^seccomp[=:](.*)$/s.exec(option)?.[1];
  if (value === undefined || value === "unconfined" || value === "builtin") return undefined;
  return resolve(project.working_dir, value);
}

function compactJson(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function credentialOption({ project, service }: BodyFacts, warn: Warn): string | undefined {
  const spec = service.credential_spec;
  if (spec?.file !== undefined) return `credentialspec=file://${spec.file.replace(/^file:\/\//, "")}`;
  if (spec?.registry !== undefined) return `credentialspec=registry://${spec.registry}`;
  if (spec?.config === undefined) return undefined;
  const content = project.configs.get(spec.config)?.content;
  if (content !== undefined) return `credentialspec=raw://${content}`;
  warn("unsupported", ["credential_spec", "config"], `config "${spec.config}" must have content to be used here`);
  return undefined;
}
