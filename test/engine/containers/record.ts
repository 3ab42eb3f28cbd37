import type { ContainerRecord } from "../../../src/engine/containers/record.ts";
import { created } from "../../../src/engine/containers/state.ts";

/** A container's record, with what a test is about. */
export function container(more: Partial<ContainerRecord> = {}): ContainerRecord {
  return {
    format: 1,
    id: "a".repeat(64),
    name: "brave_hopper",
    created: "2026-01-01T00:00:00.000000000Z",
    phase: "ready",
    image: { id: `sha256:${"b".repeat(64)}`, reference: "busybox" },
    config: { Cmd: ["sh"] },
    hostConfig: { NetworkMode: "bridge" },
    endpoints: { bridge: {} },
    mounts: [],
    state: created,
    ...more,
  };
}
