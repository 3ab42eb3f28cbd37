import type { RemoteReference } from "../../compose/remote.ts";
import { GantryError } from "../../errors.ts";
import { askYes, canAsk } from "../ask.ts";
import type { Globals } from "../global-flags.ts";

/** What was answered in this run, by source. Each source is asked about once, and one at a time. */
const answers = new Map<string, Promise<boolean>>();
let lastAnswer: Promise<unknown> = Promise.resolve();

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
  const source = describe(reference);
  if (!canAsk()) {
    throw new GantryError(`${source} is not fetched unasked: a compose file of others can do harm`, {
      hint: "look at what it holds; then give --trust-remote, or set GANTRY_TRUST_REMOTE=true",
    });
  }
  const answer = answers.get(source) ?? lastAnswer.then(() => ask(source));
  answers.set(source, answer);
  lastAnswer = answer.catch(() => {});
  if (!(await answer)) throw new GantryError(`${source} is not fetched: it was not trusted`);
}

function ask(source: string): Promise<boolean> {
  process.stderr.write(
    `A compose file is to be fetched from ${source}.\nIt can mount any file of this machine and run anything on the engine.\n`,
  );
  return askYes("Do you trust it?");
}

/** What is fetched from where. */
function describe(reference: RemoteReference): string {
  if (reference.kind === "oci") return `the registry artifact ${reference.reference}`;
  const { url, ref } = reference;
  return `the git repository ${url}${ref === undefined ? "" : `, ${ref}`}`;
}
