/** `SecurityOpt` of HostConfig: `no-new-privileges`, `seccomp=…`, `apparmor=…`, `label=…`. */

import { badRequest } from "../../refusal.ts";
import { parseSeccomp, type SeccompProfile } from "./seccomp.ts";

export interface Security {
  readonly noNewPrivileges: boolean;
  readonly seccomp: "default" | "unconfined" | SeccompProfile;
  /** The AppArmor profile asked for. */
  readonly apparmor: string | undefined;
}

/** EngineError 400 for an option that there is not. */
export function securityOf(options: readonly string[]): Security {
  let security: Security = { noNewPrivileges: false, seccomp: "default", apparmor: undefined };
  for (const option of options) {
    const at = option.search(/[=:]/);
    const key = at === -1 ? option : option.slice(0, at);
    const value = at === -1 ? "" : option.slice(at + 1);
    if (key === "no-new-privileges") {
      if (!["", "true", "false"].includes(value)) throw badRequest(`invalid --security-opt 2: "${option}"`);
      security = { ...security, noNewPrivileges: value !== "false" };
    } else if (at === -1) {
      throw badRequest(`invalid --security-opt 1: "${option}"`);
    } else if (key === "seccomp") {
      const seccomp = value === "builtin" ? "default" : value === "unconfined" ? value : parseSeccomp(value);
      security = { ...security, seccomp };
    } else if (key === "apparmor") {
      security = { ...security, apparmor: value };
    } else if (key !== "label") {
      // Labels mean SELinux, which does nothing where it is not in force.
      throw badRequest(`invalid --security-opt 2: "${option}"`);
    }
  }
  return security;
}
