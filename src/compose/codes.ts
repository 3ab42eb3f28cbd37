import type { Diagnostic, Span } from "../errors.ts";

/** Every code that the loader's diagnostics bear; docs/errors.md has a case for each. */
export const codes = [
  // the project as a whole (inputs.ts, environment.ts, project-name.ts, load.ts)
  "no-compose-file",
  "empty-project",
  "invalid-name",
  "invalid-setting",
  "several-files",
  "too-many-findings",
  // files and YAML (source.ts, parse.ts, read-files.ts, remote.ts)
  "missing-file",
  "invalid-text",
  "remote-resource",
  "yaml-syntax",
  "duplicate-key",
  "non-string-key",
  "not-a-mapping",
  "unknown-anchor",
  "alias-cycle",
  "invalid-merge",
  "too-many-nodes",
  "too-deep",
  "too-many-files",
  "obsolete-version",
  // variables (interpolate.ts, dotenv.ts)
  "unset-variable",
  "missing-variable",
  "invalid-interpolation",
  "too-large",
  "invalid-cast",
  "old-boolean",
  "invalid-env-file",
  // several files (merge.ts, extends.ts, include.ts)
  "cannot-override",
  "extends-cycle",
  "include-cycle",
  // shape: the schema (validate.ts)
  "unknown-attribute",
  "wrong-type",
  "missing-attribute",
  "invalid-value",
  "duplicate-entry",
  // short syntaxes and scalars (canonical.ts, decode.ts)
  "invalid-port",
  "invalid-mount",
  "invalid-device",
  "invalid-pair",
  "invalid-ssh",
  "invalid-command",
  "invalid-host",
  "invalid-duration",
  "invalid-size",
  "invalid-number",
  "invalid-boolean",
  "invalid-mode",
  "invalid-count",
  "deprecated-external",
  "external-name-conflict",
  // rules of one attribute or one resource (check.ts, paths.ts)
  "external-conflict",
  "exclusive-attributes",
  "missing-source",
  "invalid-address",
  "empty-path",
  // rules across services and resources (check-project.ts, graph.ts, select.ts)
  "missing-image",
  "undefined-service",
  "disabled-service",
  "undefined-network",
  "undefined-volume",
  "undefined-secret",
  "undefined-config",
  "undefined-model",
  "undefined-context",
  "unsupported-platform",
  "invalid-healthcheck",
  "conflicting-values",
  "negative-scale",
  "fixed-name",
  "duplicate-container-name",
  "duplicate-mount",
  "missing-target",
  "dependency-cycle",
  // env files (env-files.ts)
  "unsupported-format",
] as const;

export type Code = (typeof codes)[number];

/** An error with a code of the union. */
export function problem(code: Code, message: string, span?: Span, hint?: string): Diagnostic<Code> {
  return {
    severity: "error",
    code,
    message: shortened(message),
    ...(span && { span }),
    ...(hint !== undefined && { hint: shortened(hint) }),
  };
}

/** A warning with a code of the union. */
export function warning(code: Code, message: string, span?: Span, hint?: string): Diagnostic<Code> {
  return {
    severity: "warning",
    code,
    message: shortened(message),
    ...(span && { span }),
    ...(hint !== undefined && { hint: shortened(hint) }),
  };
}

/** What is said may quote a text of the file, however long. */
function shortened(text: string): string {
  return text.length > 1000 ? `${text.slice(0, 700)} … ${text.slice(-200)}` : text;
}
