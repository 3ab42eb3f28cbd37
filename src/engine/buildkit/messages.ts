/**
 * BuildKit's messages, as far as they are used: those of its control service and of the bridge to its frontends.
 * Source: https://github.com/moby/buildkit, api/services/control/control.proto, frontend/gateway/pb/gateway.proto,
 * solver/pb/ops.proto, api/types/worker.proto, util/apicaps/pb/caps.proto.
 */

import type { Decoded, Message } from "./protobuf.ts";

const message = <const M extends Message>(fields: M): M => fields;

export const empty = message({});

/** google.protobuf.Timestamp. */
export const timestamp = message({ seconds: [1, "int64"], nanos: [2, "int"] });

const any = message({ typeUrl: [1, "string"], value: [2, "bytes"] });

/** google.rpc.Status, which says why a call failed. */
export const anyOfStatus = message({ code: [1, "int"], message: [2, "string"], details: [3, "repeated", any] });

export const platform = message({ architecture: [1, "string"], os: [2, "string"], variant: [3, "string"] });

/** A graph of operations, each as bytes, with what is known of them by their digests. */
export const definition = message({ operations: [1, "repeated", "bytes"], metadata: [2, "map", empty] });

export const operation = message({
  inputs: [1, "repeated", message({ digest: [1, "string"], index: [2, "int"] })],
  source: [3, message({ identifier: [1, "string"], attributes: [2, "map", "string"] })],
  platform: [10, platform],
});

const position = message({ line: [1, "int"], character: [2, "int"] });
const range = message({ start: [1, position], end: [2, position] });
const sourceInfo = message({ filename: [1, "string"], data: [2, "bytes"], language: [4, "string"] });

export const exporter = message({ type: [1, "string"], attributes: [2, "map", "string"] });
const cacheEntry = message({ type: [1, "string"], attributes: [2, "map", "string"] });

export const solveRequest = message({
  ref: [1, "string"],
  definition: [2, definition],
  exporterType: [3, "string"],
  exporterAttributes: [4, "map", "string"],
  session: [5, "string"],
  frontend: [6, "string"],
  frontendAttributes: [7, "map", "string"],
  cache: [8, message({ exports: [4, "repeated", cacheEntry], imports: [5, "repeated", cacheEntry] })],
  entitlements: [9, "repeated", "string"],
  exporters: [13, "repeated", exporter],
});

export const solveResponse = message({ exporterResponse: [1, "map", "string"] });

export const statusRequest = message({ ref: [1, "string"] });

const vertex = message({
  digest: [1, "string"],
  inputs: [2, "repeated", "string"],
  name: [3, "string"],
  cached: [4, "bool"],
  started: [5, timestamp],
  completed: [6, timestamp],
  error: [7, "string"],
});

const vertexStatus = message({
  id: [1, "string"],
  vertex: [2, "string"],
  name: [3, "string"],
  current: [4, "int"],
  total: [5, "int"],
  timestamp: [6, timestamp],
  started: [7, timestamp],
  completed: [8, timestamp],
});

const vertexLog = message({
  vertex: [1, "string"],
  timestamp: [2, timestamp],
  /** 1: stdout, 2: stderr. */
  stream: [3, "int"],
  data: [4, "bytes"],
});

const vertexWarning = message({
  vertex: [1, "string"],
  level: [2, "int"],
  short: [3, "bytes"],
  detail: [4, "repeated", "bytes"],
  url: [5, "string"],
  info: [6, sourceInfo],
  ranges: [7, "repeated", range],
});

/** What a build tells of itself while it goes on. */
export const statusResponse = message({
  vertexes: [1, "repeated", vertex],
  statuses: [2, "repeated", vertexStatus],
  logs: [3, "repeated", vertexLog],
  warnings: [4, "repeated", vertexWarning],
});

const version = message({ package: [1, "string"], version: [2, "string"], revision: [3, "string"] });
const collection = message({
  all: [1, "bool"],
  keepDuration: [2, "int64"],
  reservedSpace: [3, "int"],
  filters: [4, "repeated", "string"],
});

export const workerRecord = message({
  id: [1, "string"],
  labels: [2, "map", "string"],
  platforms: [3, "repeated", platform],
  collections: [4, "repeated", collection],
  version: [5, version],
});

export const listWorkersResponse = message({ records: [1, "repeated", workerRecord] });
export const infoResponse = message({ version: [1, version] });

export const diskUsageRequest = message({ filters: [1, "repeated", "string"] });
export const usageRecord = message({
  id: [1, "string"],
  mutable: [2, "bool"],
  inUse: [3, "bool"],
  size: [4, "int"],
  createdAt: [6, timestamp],
  lastUsedAt: [7, timestamp],
  usageCount: [8, "int"],
  description: [9, "string"],
  recordType: [10, "string"],
  shared: [11, "bool"],
  parents: [12, "repeated", "string"],
});
export const diskUsageResponse = message({ records: [1, "repeated", usageRecord] });
export const pruneRequest = message({
  filters: [1, "repeated", "string"],
  all: [2, "bool"],
  keepDuration: [3, "int64"],
  reservedSpace: [4, "int"],
});

const capability = message({ id: [1, "string"], enabled: [2, "bool"] });

export const pongResponse = message({
  frontendCapabilities: [1, "repeated", capability],
  operationCapabilities: [2, "repeated", capability],
  workers: [3, "repeated", workerRecord],
});

const reference = message({ id: [1, "string"], definition: [2, definition] });

export const result = message({
  reference: [3, reference],
  references: [4, message({ references: [1, "map", reference] })],
  metadata: [10, "map", "bytes"],
});

export const bridgeSolveRequest = message({
  definition: [1, definition],
  frontend: [2, "string"],
  frontendOptions: [3, "map", "string"],
  cacheImports: [12, "repeated", cacheEntry],
  frontendInputs: [13, "map", definition],
});
export const bridgeSolveResponse = message({ reference: [1, "string"], result: [3, result] });

export const returnRequest = message({ result: [1, result], error: [2, anyOfStatus] });

export const resolveImageRequest = message({
  reference: [1, "string"],
  platform: [2, platform],
  resolveMode: [3, "string"],
});
export const resolveImageResponse = message({ digest: [1, "string"], config: [2, "bytes"], reference: [3, "string"] });

export type SolveRequest = Decoded<typeof solveRequest>;
export type StatusResponse = Decoded<typeof statusResponse>;
export type BridgeSolveRequest = Decoded<typeof bridgeSolveRequest>;
