import type { Deploy, UpdateConfig } from "../model.ts";
import { present } from "./present.ts";
import type { Reader } from "./reader.ts";
import { decodeDeviceRequest } from "./service-parts.ts";

/** `deploy`; the service's `scale` stands for absent replicas. */
export function decodeDeploy(r: Reader, scale: number | undefined): Deploy {
  return present({
    mode: r.text("mode"),
    replicas: r.integer("replicas") ?? scale,
    labels: r.pairs("labels"),
    update_config: r.below("update_config", decodeRollout),
    rollback_config: r.below("rollback_config", decodeRollout),
    resources: r.below("resources", (resources) =>
      present({
        limits: resources.below("limits", (limits) =>
          present({
            cpus: limits.number("cpus"),
            memory: limits.size("memory"),
            pids: limits.integer("pids"),
            extensions: limits.extensions(),
          }),
        ),
        reservations: resources.below("reservations", (reservations) =>
          present({
            cpus: reservations.number("cpus"),
            memory: reservations.size("memory"),
            devices: reservations.list("devices", decodeDeviceRequest),
            generic_resources: reservations.list("generic_resources", (generic) =>
              present({
                discrete_resource_spec: generic.below("discrete_resource_spec", (spec) => ({
                  kind: spec.text("kind") ?? "",
                  value: spec.number("value") ?? 0,
                })),
              }),
            ),
            extensions: reservations.extensions(),
          }),
        ),
        extensions: resources.extensions(),
      }),
    ),
    restart_policy: r.below("restart_policy", (policy) =>
      present({
        condition: policy.text("condition"),
        delay: policy.duration("delay"),
        max_attempts: policy.integer("max_attempts"),
        window: policy.duration("window"),
        extensions: policy.extensions(),
      }),
    ),
    placement: r.below("placement", (placement) =>
      present({
        constraints: placement.texts("constraints"),
        preferences: placement.list("preferences", (preference) => present({ spread: preference.text("spread") })),
        max_replicas_per_node: placement.integer("max_replicas_per_node"),
        extensions: placement.extensions(),
      }),
    ),
    endpoint_mode: r.text("endpoint_mode"),
    extensions: r.extensions(),
  });
}

function decodeRollout(r: Reader): UpdateConfig {
  return present({
    parallelism: r.integer("parallelism"),
    delay: r.duration("delay"),
    failure_action: r.text("failure_action"),
    monitor: r.duration("monitor"),
    max_failure_ratio: r.number("max_failure_ratio"),
    order: r.text("order"),
    extensions: r.extensions(),
  });
}
