/**
 * The messages of a build's session: what the engine asks of the client.
 * Source: https://github.com/moby/buildkit, session/ (auth, filesync, secrets, sshforward, upload), and
 * https://github.com/tonistiigi/fsutil, types/wire.proto and types/stat.proto.
 */

import type { Decoded, Message } from "./protobuf.ts";

const message = <const M extends Message>(fields: M): M => fields;

/** A file, as the sender of a directory tells of it. */
export const fileStat = message({
  /** With slashes, relative to the directory. */
  path: [1, "string"],
  /** Go's os.FileMode. */
  mode: [2, "int"],
  uid: [3, "int"],
  gid: [4, "int"],
  size: [5, "int"],
  /** Nanoseconds of Unix time. */
  modTime: [6, "int64"],
  /** Of a symbolic link; of a file: the one that it is a hard link to. */
  linkName: [7, "string"],
  devMajor: [8, "int"],
  devMinor: [9, "int"],
  xattrs: [10, "map", "bytes"],
});

export const packetType = { stat: 0, request: 1, data: 2, end: 3, error: 4 } as const;

/** Of the exchange of a directory. Files bear the numbers of their stats, counted from 0. */
export const packet = message({
  type: [1, "int"],
  stat: [2, fileStat],
  id: [3, "int"],
  data: [4, "bytes"],
});

export const bytesMessage = message({ data: [1, "bytes"] });

export const credentialsRequest = message({ host: [1, "string"] });
export const credentialsResponse = message({ username: [1, "string"], secret: [2, "string"] });

export const secretRequest = message({ id: [1, "string"] });
export const secretResponse = message({ data: [1, "bytes"] });

export const checkAgentRequest = message({ id: [1, "string"] });

/** Gantry's own: where a directory of the client's lies, for an engine that can look for itself (vantage.ts). */
export const placeRequest = message({ name: [1, "string"] });
export const placeResponse = message({
  path: [1, "string"],
  vantage: [2, "string"],
  device: [3, "int64"],
  inode: [4, "int64"],
});

/** Of gRPC's own service, by which either side asks whether the other is alive. Source: grpc, health/v1/health.proto. */
export const healthPath = "/grpc.health.v1.Health/Check";
export const healthResponse = message({ status: [1, "int"] });
export const serving = 1;

/** The services' paths. */
export const sessionPath = {
  sendDirectory: "/moby.filesync.v1.FileSync/DiffCopy",
  place: "/gantry.session.v1.Directories/Place",
  credentials: "/moby.filesync.v1.Auth/Credentials",
  secret: "/moby.buildkit.secrets.v1.Secrets/GetSecret",
  checkAgent: "/moby.sshforward.v1.SSH/CheckAgent",
  forwardAgent: "/moby.sshforward.v1.SSH/ForwardAgent",
  receiveFiles: "/moby.filesync.v1.FileSend/DiffCopy",
  upload: "/moby.upload.v1.Upload/Pull",
} as const;

export type FileStat = Decoded<typeof fileStat>;
