/** The calls that copy files into containers and out of them. */

import path from "node:path";
import type { ByteSource, Engine } from "../../api.ts";
import { decompress } from "../../images/decompress.ts";
import { TarError } from "../../images/tar/entry.ts";
import { badRequest, forbidden, notFound } from "../../refusal.ts";
import type { Container } from "../registry.ts";
import { publish, type Room } from "../room.ts";
import { inside, isMissing, openInside, readInside } from "../rootfs/walk.ts";
import { resolveUser } from "../spec/user.ts";
import { packFrom, packLink } from "./pack.ts";
import { statInside } from "./path-stat.ts";
import { type UnpackOptions, unpackInside } from "./unpack.ts";
import { type FileView, normalise, withFiles } from "./view.ts";

type ArchiveCalls = Pick<
  Engine,
  "containerArchiveGet" | "containerArchivePut" | "containerArchiveStat" | "containerExport"
>;

export function answerArchive(room: Room): ArchiveCalls {
  return {
    containerArchiveStat: async ({ id, path: wanted }) => {
      const container = room.registry.find(id);
      return withFiles(room, container, checkPath(wanted), async (view) => look(container, view, wanted));
    },

    containerArchiveGet: async ({ id, path: wanted }) => {
      const container = room.registry.find(id);
      // The files stay reachable by their descriptor when what shows them is taken away again.
      return withFiles(room, container, checkPath(wanted), async (view) => {
        const stat = look(container, view, wanted);
        const followLast = /(^|\/)\.?$/.test(wanted);
        const isLink = inside(view.root, view.path, (_, stats) => stats.isSymbolicLink(), { followLast });
        const fd = openInside(view.root, isLink ? path.posix.dirname(view.path) : view.path, { followLast });
        publish(room, container.record, "archive-path");
        if (isLink) return { stat, tar: packLink(fd, path.posix.basename(view.path)) };
        // `folder/.` means what is in it: the client knows the members by that name.
        return { stat, tar: packFrom(fd, { name: stat.name === "" || /\/\.$/.test(wanted) ? "." : stat.name }) };
      });
    },

    containerArchivePut: async ({ id, path: wanted, copyUIDGID = false, stream, ...options }) => {
      const { noOverwriteDirNonDir = false, whiteouts = false } = options;
      const container = room.registry.find(id);
      await withFiles(room, container, checkPath(wanted), async (view) => {
        checkTarget(container, view, wanted);
        const owner = copyUIDGID ? ownerIn(view.root, container) : undefined;
        await unpackAll(piecesOf(stream), {
          ...view,
          noOverwriteDirNonDir,
          whiteouts,
          ...(owner !== undefined && { owner }),
        });
      });
      publish(room, container.record, "extract-to-dir");
    },

    containerExport: async ({ id }) => {
      const container = room.registry.find(id);
      // Without the mounts: what the container itself consists of.
      return withFiles(room, container, "/", async ({ root }) => {
        const own = root.startsWith("/proc/") ? room.places.of(container.id).rootfs : root;
        publish(room, container.record, "export");
        return packFrom(openInside(own, "/"), { name: "" });
      });
    },
  };
}

function checkPath(wanted: string | undefined): string {
  if (wanted === undefined || wanted === "") throw badRequest("Bad parameters: 'path' is required");
  if (wanted.includes("\0")) throw badRequest("Bad parameters: 'path' has a NUL byte in it");
  return path.posix.join("/", wanted);
}

function look(container: Container, { root, path: place }: FileView, wanted: string) {
  try {
    const stat = statInside(root, place);
    // Of a mount the root is shown: its name is the one that was asked for.
    return { ...stat, name: path.posix.basename(normalise(wanted)) || stat.name };
  } catch (error) {
    throw explain(error, container, wanted);
  }
}

function checkTarget(container: Container, view: FileView, wanted: string): void {
  const isDirectory = (() => {
    try {
      return inside(view.root, view.path, (_, stats) => stats.isDirectory());
    } catch (error) {
      throw explain(error, container, wanted);
    }
  })();
  if (!isDirectory) throw badRequest("extraction point is not a directory");
  if (view.readonly !== undefined) throw forbidden(view.readonly);
}

function explain(error: unknown, { record }: Container, wanted: string): unknown {
  return isMissing(error) ? notFound(`Could not find the file ${wanted} in container ${record.name}`, error) : error;
}

async function unpackAll(stream: AsyncIterable<Uint8Array>, options: UnpackOptions): Promise<void> {
  const unpacking = unpackInside(options);
  try {
    for await (const chunk of decompress(stream)) unpacking.write(chunk);
    unpacking.end();
  } catch (error) {
    throw error instanceof TarError ? badRequest(error.message, error) : error;
  } finally {
    unpacking.close();
  }
}

async function* piecesOf(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  if (source instanceof Uint8Array) yield source;
  else yield* source;
}

/** Who the container's own process is. */
function ownerIn(root: string, { record }: Container): { uid: number; gid: number } {
  const limit = 1024 * 1024;
  const passwd = readInside(root, "/etc/passwd", limit);
  return resolveUser(record.config.User ?? "", passwd, readInside(root, "/etc/group", limit));
}
