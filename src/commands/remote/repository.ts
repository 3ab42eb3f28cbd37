import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { RemoteReference } from "../../compose/remote.ts";
import { GantryError } from "../../errors.ts";
import { cacheEntry } from "./cache.ts";

type GitReference = Extract<RemoteReference, { kind: "git" }>;

const commitPattern = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** Nothing that a repository or an address holds makes git run a program. */
const safely = [
  "protocol.ext.allow=never",
  "protocol.file.allow=never",
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
];

/**
 * The files of one commit of a git repository, without its history and its submodules. The branch or tag is looked up each
 * time; a commit that is in the cache is not fetched again.
 *
 * @returns the absolute path of the repository's root in the cache
 * @throws GantryError when git is not installed, or with what git says
 */
export async function fetchRepository(
  reference: GitReference,
  cache: string,
  environment: ReadonlyMap<string, string>,
): Promise<string> {
  const git = (...args: string[]) => runGit(args, reference, environment);
  const { name, commit } = await lookUp(reference, git);
  const address = createHash("sha256").update(reference.url).digest("hex").slice(0, 16);
  return cacheEntry(cache, `${address}-${commit}`, async (directory) => {
    await git("init", "--quiet", directory);
    await git(
      "-C",
      directory,
      "fetch",
      "--quiet",
      "--depth=1",
      "--no-tags",
      "--no-recurse-submodules",
      "--",
      reference.url,
      name,
    );
    const fetched = await git("-C", directory, "rev-parse", "--verify", "FETCH_HEAD^{commit}");
    if (fetched.trim() !== commit) {
      throw new GantryError(`${reference.text} has moved on while it was fetched`, { hint: "try again" });
    }
    await git("-C", directory, "checkout", "--quiet", "--detach", commit);
    await rm(join(directory, ".git"), { recursive: true, force: true });
  });
}

type Git = (...args: string[]) => Promise<string>;

/** The full name of a branch or tag, and the commit that it is at; a commit is its own name. */
async function lookUp({ url, ref = "HEAD", text }: GitReference, git: Git): Promise<{ name: string; commit: string }> {
  if (commitPattern.test(ref)) return { name: ref, commit: ref };
  const listed = await git("ls-remote", "--", url, ref, `${ref}^{}`);
  const commits = new Map<string, string>();
  for (const line of listed.split("\n")) {
    const [commit = "", name] = line.split("\t");
    if (name !== undefined && commitPattern.test(commit)) commits.set(name, commit);
  }
  const name = [ref, `refs/heads/${ref}`, `refs/tags/${ref}`, `refs/${ref}`].find((candidate) =>
    commits.has(candidate),
  );
  // An annotated tag is an object of its own; `^{}` is the commit that it stands for.
  const commit = name === undefined ? undefined : (commits.get(`${name}^{}`) ?? commits.get(name));
  if (name === undefined || commit === undefined) {
    throw new GantryError(`"${text}" cannot be fetched: the repository has no branch or tag "${ref}"`);
  }
  return { name, commit };
}

function runGit(
  args: readonly string[],
  reference: GitReference,
  environment: ReadonlyMap<string, string>,
): Promise<string> {
  // Variables that would lead git to the repository that gantry is called in, by a hook for example.
  const own = new Set(["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"]);
  const env = {
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes",
    ...Object.fromEntries([...environment].filter(([name]) => !own.has(name))),
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: "git:http:https:ssh",
  };
  return new Promise((resolve, reject) => {
    const options = safely.flatMap((setting) => ["-c", setting]);
    execFile("git", [...options, ...args], { env, maxBuffer: 16 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT") {
        reject(new GantryError(`"${reference.text}" cannot be fetched: git is not installed`, { hint: "install git" }));
      } else {
        const reason = stderr.trim().split("\n").at(-1) ?? "";
        reject(new GantryError(`"${reference.text}" cannot be fetched: ${reason === "" ? error.message : reason}`));
      }
    });
  });
}
