import { UsageError } from "../errors.ts";
import { openProgress, type Progress, type ProgressMode } from "../ui/progress.ts";
import { makeStyle, type Style, takesColour } from "../ui/style.ts";
import type { Globals } from "./global-flags.ts";

type AnsiFlags = Pick<Globals, "ansi" | "no-ansi">;

const ansiModes = ["never", "always", "auto"] as const;
const progressModes = ["auto", "tty", "plain", "json", "quiet"] as const;

/** Whether an output takes colours: `--ansi`, else COMPOSE_ANSI, else whether it is a terminal; NO_COLOR wins. */
export function takesColourOn(stream: NodeJS.WriteStream, flags?: AnsiFlags): boolean {
  const wanted = flags?.["no-ansi"] ? "never" : (flags?.ansi ?? process.env.COMPOSE_ANSI);
  return takesColour(ansiModes.find((mode) => mode === wanted) ?? "auto", stream, process.env);
}

/** The style of an output; see takesColourOn. */
export function styleOf(stream: NodeJS.WriteStream, flags?: AnsiFlags): Style {
  return makeStyle(takesColourOn(stream, flags));
}

export interface ProgressFlags extends AnsiFlags, Pick<Globals, "json" | "progress"> {
  readonly "quiet-pull"?: boolean | undefined;
  readonly "quiet-build"?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

/**
 * The progress of a verb, on stderr, or on stdout with COMPOSE_STATUS_STDOUT: as `--progress` says, else COMPOSE_PROGRESS,
 * else live on a terminal. `lines`: other output comes in between, so never live; `write` takes them. With `--json` it is
 * among the lines of stdout, unless `--progress` wants another one beside them.
 */
export function openProgressFor(
  flags: ProgressFlags,
  { lines = false, write }: { readonly lines?: boolean; readonly write?: ((text: string) => void) | undefined } = {},
): Promise<Progress> {
  const quiet = { quietPull: flags["quiet-pull"] === true, quietBuild: flags["quiet-build"] === true };
  if (flags.json && flags.progress === undefined) {
    return openProgress({ mode: flags.quiet ? "quiet" : "versioned", out: process.stdout, ...quiet });
  }
  const out = isTrue(process.env.COMPOSE_STATUS_STDOUT) && !flags.json ? process.stdout : process.stderr;
  return openProgress({
    mode: flags.quiet ? "quiet" : progressMode(flags, out, lines),
    out,
    ...(write && { write }),
    ...quiet,
  });
}

function progressMode(flags: ProgressFlags, out: NodeJS.WriteStream, lines: boolean): ProgressMode {
  const wanted = flags.progress ?? (process.env.COMPOSE_PROGRESS || "auto");
  const mode = progressModes.find((name) => name === wanted);
  if (mode === undefined) {
    throw new UsageError(`COMPOSE_PROGRESS: "${wanted}" is no kind of progress`, { hint: progressModes.join(", ") });
  }
  // A live view is made of ANSI sequences: where they are unwanted, lines do.
  const isLive = mode === "auto" || mode === "tty";
  return isLive && (lines || (out.isTTY && !takesColourOn(out, flags))) ? "plain" : mode;
}

/** The words that Go's strconv.ParseBool takes for true, which is how docker reads its variables. */
export function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(1|t|true)$/i.test(text);
}

/**
 * Resolves when no more than `most` bytes that were written to a stream wait for its reader, or the reader has gone.
 * Undefined: that is so already.
 */
export function drained(stream: NodeJS.WriteStream, most: number): Promise<void> | undefined {
  if (stream.writableLength <= most) return undefined;
  return new Promise((resolve) => stream.write("", () => resolve()));
}
