/**
 * A result as files of the client's: `--output type=local` sends a directory, `type=tar` an archive, on the client's session.
 * Source: moby/buildkit, session/filesync/filesync.go and exporter/local, exporter/tar.
 */

import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import { readFilter, sendDirectory } from "../../builders/send-directory.ts";
import { decode, encode } from "../../buildkit/protobuf.ts";
import { bytesMessage, packet, packetType, sessionPath } from "../../buildkit/session-messages.ts";
import { packPath } from "../../pack-tree.ts";
import { badRequest } from "../../refusal.ts";
import type { BuildRoom } from "../build-image.ts";
import type { Session } from "../session/open-sessions.ts";
import { openViews } from "../views.ts";

export type FilesType = "local" | "tar";

/** EngineError 400 where the client has no place for them. */
export async function exportFiles(
  room: BuildRoom,
  { session, diffIds, signal }: { session: Session; diffIds: readonly string[]; signal: AbortSignal },
  type: FilesType,
): Promise<void> {
  if (!session.answers(sessionPath.receiveFiles))
    throw badRequest(`the output type=${type} needs a client that takes files`);
  const folder = path.join(room.folder, randomBytes(8).toString("hex"));
  const views = openViews(room.images.layers, folder);
  try {
    const { root } = await views.open(diffIds);
    // Clients may want several outputs, and know them by their numbers; here there is one.
    const metadata = { "buildkit-attachable-exporter-id": "0" };
    const stream = session.client.open(sessionPath.receiveFiles, { signal, metadata });
    if (type === "tar") {
      for await (const data of packPath(root, ".")) await stream.send(encode(bytesMessage, { data }));
      stream.end();
      // The call ends when all of it is written.
      for await (const _ of stream.messages);
      return;
    }
    for await (const message of sendDirectory({ path: root }, readFilter({}), stream.messages)) {
      const { type: kind, data } = decode(packet, Buffer.from(message));
      if (kind === packetType.error) throw badRequest(`the result cannot be sent: ${data.toString("utf8")}`);
      await stream.send(message);
    }
    stream.end();
  } finally {
    await views.close();
    await rm(folder, { recursive: true, force: true });
  }
}
