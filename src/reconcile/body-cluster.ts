import type { Service } from "../compose/model.ts";
import type { Warn } from "./body-facts.ts";

/** Says of each attribute that only a cluster (Swarm) or another system honours that an engine does not. */
export function warnOfCluster(service: Service, warn: Warn): void {
  const { deploy } = service;
  const ignored = ["placement", "endpoint_mode", "update_config", "rollback_config", "labels"] as const;
  for (const attribute of ignored) {
    const value = deploy?.[attribute];
    if (value !== undefined) warn("no-effect", ["deploy", attribute], `deploy.${attribute} is for clusters`);
  }
  if (deploy?.mode !== undefined && deploy.mode !== "replicated") {
    warn(
      "no-effect",
      ["deploy", "mode"],
      `deploy.mode ${deploy.mode} is for clusters: the service gets its replicas here`,
    );
  }
  const reservations = deploy?.resources?.reservations;
  for (const attribute of ["cpus", "generic_resources"] as const) {
    if (reservations?.[attribute] === undefined) continue;
    const path = ["deploy", "resources", "reservations", attribute];
    warn("no-effect", path, `${path.join(".")} is for clusters`);
  }
  if (service.pull_refresh_after !== undefined) {
    warn("no-effect", ["pull_refresh_after"], "pull_refresh_after has no effect: pull_policy says when to pull anew");
  }
}
