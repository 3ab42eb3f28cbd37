import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { type Diagnostic, GantryError, InterruptedError, type Span } from "../errors.ts";
import { problem } from "./codes.ts";
import { presentIn } from "./default-files.ts";

/** A compose file that is somewhere else: in a git repository, or an artifact of a registry. */
export type RemoteReference =
  | {
      readonly kind: "git";
      /** As written. */
      readonly text: string;
      /** What git fetches from: `https://…`, `ssh://…`, `git://…`, `user@host:path`. */
      readonly url: string;
      /** A branch, a tag or a commit; absent: the default branch. */
      readonly ref?: string;
      /** The file or directory in the repository, without `..`; empty: its root. */
      readonly path: string;
    }
  | {
      readonly kind: "oci";
      readonly text: string;
      /** `registry/repository:tag` or `…@digest` */
      readonly reference: string;
    };

/**
 * Brings what a reference names to this machine; whether it is to be trusted is decided there.
 *
 * @returns the absolute path of the directory that holds it: the repository's root, or the artifact's files
 * @throws GantryError when it cannot be fetched or is not to be
 */
export type FetchRemote = (reference: RemoteReference) => Promise<string>;

/**
 * What a path in `-f`, `include` or `extends.file` means, when it is remote: `oci://…`, and git's `git://…`, `ssh://…`,
 * `http(s)://….git`, `github.com/…`, `user@host:path`, each with `#ref`, `#:path` or `#ref:path` behind it.
 * Source: docker compose's pkg/remote; BuildKit's util/gitutil, ParseGitRef.
 *
 * @returns undefined for a path of this machine
 * @throws GantryError for a remote reference that is none of these
 */
export function parseRemote(text: string): RemoteReference | undefined {
  if (text.startsWith("oci://")) return { kind: "oci", text, reference: text.slice("oci://".length) };
  const hash = text.indexOf("#");
  const address = hash === -1 ? text : text.slice(0, hash);
  const fragment = hash === -1 ? "" : text.slice(hash + 1);
  const url = gitUrl(address);
  if (url === undefined) return undefined;
  const [, ref = "", path = ""] = /^([^:]*)(?::(.*))?$/s.exec(fragment) ?? [];
  if (url.startsWith("-") || ref.startsWith("-")) throw refusal(text, "it begins with a dash");
  if (path.split("/").includes("..")) throw refusal(text, "its path leaves the repository");
  return { kind: "git", text, url, path: path.replace(/^\/+/, ""), ...(ref !== "" && { ref }) };
}

/** Whether a path is remote, or would be if it were written well. */
export function isRemote(text: string): boolean {
  return (
    /^(?:https?|git|ssh|oci):\/\//.test(text) || /^(?:github\.com\/|[a-zA-Z0-9-]+@[a-zA-Z0-9.-]+:(?!\/\/))/.test(text)
  );
}

function gitUrl(address: string): string | undefined {
  if (/^(?:git|ssh):\/\/./.test(address)) return address;
  if (/^https?:\/\//.test(address)) {
    if (address.endsWith(".git")) return address;
    throw refusal(address, "only git repositories are fetched over HTTP, and their address ends with .git");
  }
  if (/^github\.com\/[^/]+\/[^/]/.test(address)) return `https://${address}`;
  return /^[a-zA-Z0-9-]+@[a-zA-Z0-9.-]+:(?!\/\/)./.test(address) ? address : undefined;
}

function refusal(text: string, why: string): GantryError {
  const hint = "write https://host/owner/repository.git#branch:directory, or oci://registry/repository:tag";
  return new GantryError(`"${text}" cannot be fetched: ${why}`, { hint });
}

/** Where a path leads, when it is remote. */
export interface Located {
  /** Absolute path of the compose file on this machine; absent when it could not be fetched, which was reported. */
  readonly path?: string;
}

/** Finds the local copy of a remote path, each fetched once; undefined for a path of this machine. */
export type LocateRemote = (
  text: string,
  span: Span | undefined,
  report: (diagnostic: Diagnostic) => void,
) => Promise<Located | undefined>;

/** @param fetch absent: nothing is fetched, and a remote path is an error */
export function remoteLocator(fetch: FetchRemote | undefined): LocateRemote {
  const fetched = new Map<string, Promise<string>>();
  const bring = async (reference: RemoteReference) => {
    if (fetch === undefined) {
      throw new GantryError(`"${reference.text}" is remote, and nothing is fetched here`, {
        hint: "fetch it, and give the path of the file",
      });
    }
    return composeFileIn(await fetch(reference), reference);
  };
  return async (text, span, report) => {
    try {
      const reference = parseRemote(text);
      if (reference === undefined) return undefined;
      const path = fetched.get(text) ?? bring(reference);
      fetched.set(text, path);
      return { path: await path };
    } catch (error) {
      if (!(error instanceof GantryError) || error instanceof InterruptedError) throw error;
      report(problem("remote-resource", error.message, span, error.hint ?? "check the reference"));
      return {};
    }
  };
}

/** The compose file that a reference names below a fetched directory. Links in it must not lead out of it. */
async function composeFileIn(directory: string, reference: RemoteReference): Promise<string> {
  const inside = reference.kind === "git" ? reference.path : "";
  const target = join(directory, inside);
  const missing = (what: string) => new GantryError(`"${reference.text}" holds no ${what}`);
  const root = await realpath(directory);
  const real = await realpath(target).catch(() => {
    throw missing(inside);
  });
  const isDirectory = (await stat(real)).isDirectory();
  const [file] = isDirectory ? presentIn(target) : [target];
  if (file === undefined) throw missing("compose.yaml");
  const away = relative(root, await realpath(file));
  if (away.startsWith("..") || isAbsolute(away)) {
    throw new GantryError(`"${reference.text}" leads out of what was fetched, by a symbolic link`);
  }
  return file;
}
