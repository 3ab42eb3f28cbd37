import type { RemoteReference } from "../../compose/remote.ts";
import { GantryError } from "../../errors.ts";
import type { Globals } from "../global-flags.ts";

/** Questions stand in one line, however many files are loaded at the same time. */
let asking: Promise<unknown> = Promise.resolve();

/**
 * Makes sure that the user wants what somebody else wrote: a compose file can mount any file of this machine and run
 * anything on the engine. `--trust-remote` or GANTRY_TRUST_REMOTE=true says yes beforehand; else a terminal is asked.
 *
 * @throws GantryError when the answer is no, or nobody can be asked
 */
export async function requireTrust(
  reference: RemoteReference,
  flags: Pick<Globals, "trust-remote">,
  environment: ReadonlyMap<string, string>,
): Promise<void> {
  if (flags["trust-remote"] || /^(1|t|true)$/i.test(environment.get("GANTRY_TRUST_REMOTE") ?? "")) return;
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new GantryError(`${describe(reference)} is not fetched unasked: a compose file of others can do harm`, {
      hint: "look at what it holds; then give --trust-remote, or set GANTRY_TRUST_REMOTE=true",
    });
  }
  const answer = asking.then(() => ask(reference));
  asking = answer.catch(() => {});
  if (!(await answer)) throw new GantryError(`${describe(reference)} is not fetched: it was not trusted`);
}

async function ask(reference: RemoteReference): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    process.stderr.write(
      `A compose file is to be fetched from ${describe(reference)}.\nIt can mount any file of this machine and run anything on the engine.\n`,
    );
    return /^y(es)?$/i.test((await terminal.question("Do you trust it? [y/N] ")).trim());
  } finally {
    terminal.close();
  }
}

/** What is fetched from where. */
export function describe(reference: RemoteReference): string {
  if (reference.kind === "oci") return `the registry artifact ${reference.reference}`;
  const { url, ref, path } = reference;
  return `the git repository ${url}${ref === undefined ? "" : `, ${ref}`}${path === "" ? "" : `, ${path}`}`;
}
