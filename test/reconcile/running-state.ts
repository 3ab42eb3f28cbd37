/** The state of a container that runs, as an inspect tells it: where a test asks for something else of it. */

import type { ContainerInspect } from "../../src/engine/api.ts";

export const runningState: ContainerInspect["State"] = {
  Status: "running",
  Running: true,
  Paused: false,
  Restarting: false,
  OOMKilled: false,
  Dead: false,
  Pid: 1,
  ExitCode: 0,
  Error: "",
  StartedAt: "",
  FinishedAt: "",
};
