/** A container's root file system: its own layer on the image's, by overlayfs. */

import { createHash } from "node:crypto";
import { chmod, chown, mkdir, stat, symlink } from "node:fs/promises";
import path from "node:path";
import type { MountRequest } from "../runtime/mount.ts";

export interface Overlay {
  /** The image's layers, the lowest first. */
  readonly layers: readonly string[];
  readonly upper: string;
  readonly work: string;
  readonly target: string;
}

/** The kernel takes one page of options. */
const mostBytes = 3800;

/** Makes an own layer whose root looks like the image's: the merged root has the attributes of the uppermost. */
export async function makeUpper({ layers, upper, work }: Omit<Overlay, "target">): Promise<void> {
  await mkdir(upper, { recursive: true, mode: 0o755 });
  await mkdir(work, { recursive: true, mode: 0o700 });
  const top = layers.at(-1);
  if (top === undefined) return;
  const { mode, uid, gid } = await stat(top);
  await chown(upper, uid, gid);
  await chmod(upper, mode & 0o7777);
}

/** What to mount. `links`: a directory for short names, which long lists of layers need. */
export async function overlayMount({ layers, upper, work, target }: Overlay, links: string): Promise<MountRequest> {
  // The uppermost comes first there.
  const lower = layers.toReversed();
  const plain = options(lower, upper, work);
  const fits =
    plain.join(",").length <= mostBytes &&
    plain.every((option) => !/[,:\\"]/.test(option.replaceAll(/^lowerdir=|:\//g, "")));
  if (fits && lower.length > 0) return { type: "overlay", source: "overlay", target, options: plain };
  await mkdir(links, { recursive: true, mode: 0o700 });
  const short = await Promise.all(
    (lower.length === 0 ? [await emptyLayer(links)] : lower).map((layer) => link(layer, links)),
  );
  const [shortUpper = upper, shortWork = work] = await Promise.all([link(upper, links), link(work, links)]);
  return { type: "overlay", source: "overlay", target, options: options(short, shortUpper, shortWork) };
}

/** To look at only: without a layer of its own. */
export async function readonlyOverlayMount(
  layers: readonly string[],
  target: string,
  links: string,
): Promise<MountRequest> {
  await mkdir(links, { recursive: true, mode: 0o700 });
  // overlayfs without an upper layer wants two lower ones.
  const below = [await emptyLayer(links), ...layers];
  const lower = await Promise.all(below.toReversed().map((layer) => link(layer, links)));
  return { type: "overlay", source: "overlay", target, options: ["ro", `lowerdir=${lower.join(":")}`] };
}

const options = (lower: readonly string[], upper: string, work: string) => [
  `lowerdir=${lower.join(":")}`,
  `upperdir=${upper}`,
  `workdir=${work}`,
];

/** An image may have no layer at all; overlayfs needs one. */
async function emptyLayer(links: string): Promise<string> {
  const folder = path.join(links, "empty");
  await mkdir(folder, { recursive: true, mode: 0o755 });
  return folder;
}

/** A short name without special characters, always the same for the same folder. */
async function link(folder: string, links: string): Promise<string> {
  const name = path.join(links, createHash("sha256").update(folder).digest("hex").slice(0, 12));
  await symlink(folder, name).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  });
  return name;
}
