/** The files that COPY and ADD name: in the context, another stage, an image, the Dockerfile itself, or somewhere else. */

import path from "node:path";
import { digestOf } from "../digest.ts";
import { packDirectory } from "../images/pack.ts";
import { hasWildcards } from "../images/pattern.ts";
import { overlayEntry } from "../images/to-overlay.ts";
import type { Build, StageResult } from "./build.ts";
import { complain, suggest } from "./dockerfile/complain.ts";
import type { Heredoc } from "./dockerfile/heredoc.ts";
import type { Copy } from "./dockerfile/instruction.ts";
import type { Origin } from "./origin.ts";
import { fetchRemote, isGit, isUrl } from "./remote.ts";
import { type Selected, select } from "./select.ts";
import { type Nodes, nodesOf, openTree, receiveTree, type Tree } from "./tree.ts";
import { unpackArchive } from "./unpack-archive.ts";
import { asBytes, asText } from "./view.ts";

/** EngineError 400 for a source that is not there. */
export async function copySources(
  build: Build,
  instruction: Copy,
  from: Origin | undefined,
): Promise<readonly Selected[]> {
  const selected: Selected[] = [];
  for (const source of instruction.sources) selected.push(...(await oneSource(build, instruction, source, from)));
  for (const heredoc of instruction.heredocs) selected.push(heredocSource(heredoc));
  return selected;
}

async function oneSource(
  build: Build,
  instruction: Copy,
  source: string,
  from: Origin | undefined,
): Promise<readonly Selected[]> {
  const { keyword, exclude, parents, span, unpack } = instruction;
  const options = { exclude, parents, keepOwners: from?.kind === "layers" };
  const isRemote = keyword === "ADD" && (isUrl(source) || isGit(source));
  if (instruction.checksum !== undefined && !isRemote)
    throw complain(span, `ADD: --checksum is for what comes from elsewhere, and "${source}" is of the build context`);
  if (isRemote) {
    const fetched = await fetchRemote(build, instruction, source);
    return unpack === true ? Promise.all(fetched.map((one) => unpackArchive(build, one))) : fetched;
  }
  const found =
    from?.kind === "layers"
      ? await selectInStage(build, from.stage, source, options)
      : select(from?.tree ?? (await build.context()), asBytes(source), options);
  if (found === undefined) {
    if (from !== undefined) throw complain(span, `${keyword} failed: "${source}" is not found in ${instruction.from}`);
    const { nodes } = await build.context();
    const where = "not found in the build context, or excluded by .dockerignore";
    throw complain(span, `${keyword} failed: "${source}" is ${where}`, suggest(source, nearby(nodes, source)));
  }
  if (keyword !== "ADD" || unpack === false) return found;
  return Promise.all(found.map((one) => unpackArchive(build, one)));
}

/** What lies in the folder of a path. */
function nearby(nodes: Nodes, source: string): readonly string[] {
  const folder = path.posix.dirname(path.posix.normalize(source));
  const names: string[] = [];
  for (const key of nodes.keys()) {
    const name = asText(key);
    if (path.posix.dirname(name) === folder) names.push(name);
  }
  return names;
}

/** Tars what is meant, so that attributes come along that Node cannot read. */
async function selectInStage(
  build: Build,
  { diffIds }: StageResult,
  source: string,
  options: { readonly exclude: readonly string[]; readonly parents: boolean; readonly keepOwners: boolean },
): Promise<readonly Selected[] | undefined> {
  const view = await build.views.open(diffIds);
  if (hasWildcards(source)) {
    const whole = await treeOf(build, view.root, ["."]);
    return select(whole, asBytes(source), options);
  }
  const resolved = view.resolve(asBytes(source));
  if (view.look(resolved) === undefined) return undefined;
  const tree = await treeOf(build, view.root, [`./${asText(resolved)}`]);
  const found = select(tree, `/${resolved}`, options);
  // It may have been reached through links, but bears the name that it was called by.
  const name = path.posix.basename(path.posix.normalize(`/${source}`));
  return found?.map((one) =>
    options.parents ? { ...one, name: path.posix.normalize(`/${source}`).slice(1) } : { ...one, name: asBytes(name) },
  );
}

async function treeOf(build: Build, root: string, names: readonly string[]): Promise<Tree> {
  const tree = await receiveTree(packDirectory(root, names), build.temporary());
  build.atEnd(tree.close);
  return tree;
}

function heredocSource({ name, content }: Heredoc): Selected {
  const bytes = Buffer.from(content);
  const entry = overlayEntry(asBytes(name), {
    type: "file",
    mode: 0o644,
    size: bytes.length,
    mtime: String(Math.floor(Date.now() / 1000)),
  });
  const node = { entry, digest: digestOf(bytes), fd: -1, offset: 0, content: bytes };
  const tree = openTree(nodesOf(new Map([[entry.path, node]])), () => {});
  return { name: asBytes(name), node, isDirectory: false, below: [], tree, keepOwners: false };
}
