/** The files of a stage as they are before a step: looked at link by link, so that no link leads out of it. */

import { lstatSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { fileIn } from "../images/place-file.ts";
import { bytesOf, textOf } from "../images/tar/entry.ts";
import { partsOf } from "./tree.ts";

/** Names are bytes (latin1), as in archives. */
export interface View {
  /** The directory that shows it. */
  readonly root: string;
  /** What is at a canonical path, links not followed. */
  look(path: string): Stats | undefined;
  /** The canonical path that a path leads to: links are followed as far as things are there, what is not there stays as it is. */
  resolve(path: string): string;
  /** A small file's text; undefined where there is none. */
  text(path: string): string | undefined;
}

const largestText = 4 * 1024 * 1024;

/** Nobody else may change what it shows while it is looked at. Throws RangeError for links in circles. */
export function openView(root: string): View {
  const look = (path: string): Stats | undefined => {
    try {
      return lstatSync(path === "" ? root : fileIn(root, path), { throwIfNoEntry: false });
    } catch {
      return undefined;
    }
  };
  const resolve = (path: string): string => {
    const pending = partsOf(path).reverse();
    const names: string[] = [];
    let links = 0;
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === "..") {
        names.pop();
        continue;
      }
      const here = [...names, part].join("/");
      if (look(here)?.isSymbolicLink() !== true) {
        names.push(part);
        continue;
      }
      if (++links > 40) throw new RangeError(`"${path}" leads through more than 40 symbolic links`);
      const target = textOf(readlinkSync(fileIn(root, here), "buffer"));
      if (target.startsWith("/")) names.length = 0;
      pending.push(...partsOf(target).reverse());
    }
    return names.join("/");
  };
  return {
    root,
    look,
    resolve,
    text: (path) => {
      const found = resolve(path);
      const stats = look(found);
      if (stats?.isFile() !== true || stats.size > largestText) return undefined;
      return readFileSync(fileIn(root, found), "utf8");
    },
  };
}

/** A Dockerfile's text as bytes, and back. */
export const asBytes = (text: string): string => textOf(Buffer.from(text, "utf8"));
export const asText = (bytes: string): string => bytesOf(bytes).toString("utf8");
