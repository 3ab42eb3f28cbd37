/** Lines of progress, as docker writes them. */

import type { Progress } from "../api.ts";

/** A line about one layer with how far it is: bytes of bytes. */
export function layerProgress(id: string, status: string, current: number, total: number): Progress {
  return { status, progressDetail: { current, total }, progress: progressBar(current, total), id };
}

/** A line about one layer. */
export const layerStatus = (id: string, status: string): Progress => ({ status, progressDetail: {}, id });

/** `[=====>      ]  1.2MB/3.4MB`. Source: moby, pkg/jsonmessage. */
export function progressBar(current: number, total: number): string {
  if (current <= 0 && total <= 0) return "";
  if (total <= 0) return humanSize(current).padStart(8);
  const done = Math.min(50, Math.floor(Math.floor((current / total) * 100) / 2));
  const counts =
    current > total ? humanSize(current).padStart(8) : `${humanSize(current).padStart(8)}/${humanSize(total)}`;
  return `[${"=".repeat(done)}>${" ".repeat(50 - done)}] ${counts}`;
}

/** Four digits and a unit, in thousands: `1.234MB`. Source: docker/go-units, HumanSize. */
export function humanSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}

/**
 * Runs a piece of work that tells lines as it goes. Its failure is the last line. Whoever stops reading aborts it.
 */
export function progressOf(
  work: (tell: (line: Progress) => void, signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): AsyncIterable<Progress> {
  const abort = new AbortController();
  const either = signal === undefined ? abort.signal : AbortSignal.any([abort.signal, signal]);
  const waiting: Progress[] = [];
  let over = false;
  let wake = () => {};
  const tell = (line: Progress) => {
    const isCount = line.progressDetail?.current !== undefined;
    const place = isCount ? waiting.findIndex(({ id, status }) => id === line.id && status === line.status) : -1;
    if (place === -1) waiting.push(line);
    else waiting[place] = line;
    wake();
  };
  const finished = work(tell, either).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : undefined;
    tell({ errorDetail: { ...(code !== undefined && { code }), message }, error: message });
  });
  finished.then(() => {
    over = true;
    wake();
  });
  return (async function* () {
    try {
      for (;;) {
        const line = waiting.shift();
        if (line !== undefined) yield line;
        else if (over) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      abort.abort();
      await finished;
    }
  })();
}
