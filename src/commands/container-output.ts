import type { Engine } from "../engine/api.ts";
import { type StampedPiece, splitStamps } from "../ui/merge.ts";

export interface LogQuery {
  readonly follow?: boolean;
  /** Unix seconds, up to nine decimals. */
  readonly since?: string;
  readonly until?: string;
  /** A number of lines, or `all`. */
  readonly tail?: string;
  /** `false`: nobody needs the times; the pieces have empty stamps, and an engine may send many lines at once. */
  readonly stamped?: boolean;
}

/** What the engine has kept of a container's output, and with `follow` what comes until it stops. */
export async function* openLog(
  engine: Engine,
  { id, name }: { readonly id: string; readonly name: string },
  { stamped = true, ...query }: LogQuery,
  signal?: AbortSignal,
): AsyncGenerator<readonly StampedPiece[]> {
  const options = signal === undefined ? {} : { signal };
  const { Config } = await engine.containerInspect({ id }, options);
  const tty = Config.Tty === true;
  const frames = await engine.containerLogs(
    { id, tty, stdout: true, stderr: true, timestamps: stamped, ...query },
    options,
  );
  if (stamped) yield* splitStamps(name, frames.batches(), tty);
  else for await (const batch of frames.batches()) yield batch.map((frame) => ({ name, ...frame, stamp: "" }));
}

/**
 * The output of a container from now on; resolves when the engine has taken the attachment, so that a container which is
 * started after that loses no line. The pieces bear the time of their arrival.
 */
export async function attachOutput(
  engine: Engine,
  { id, name, tty }: { readonly id: string; readonly name: string; readonly tty: boolean },
  signal: AbortSignal,
): Promise<AsyncIterable<readonly StampedPiece[]>> {
  const { frames } = await engine.containerAttach({ id, tty, stream: true, stdout: true, stderr: true }, { signal });
  return stamped();

  async function* stamped(): AsyncGenerator<readonly StampedPiece[]> {
    for await (const { stream, data } of frames) yield [{ name, stream, data, stamp: new Date().toISOString() }];
  }
}
