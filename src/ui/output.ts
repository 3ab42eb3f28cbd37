import type { LogStream } from "./log-writer.ts";

/** Where many small pieces become few writes. */
export interface Output {
  write(stream: LogStream, data: Buffer): void;
  /** Writes at once what is held back. */
  flush(): void;
}

const largest = 64 * 1024;

/**
 * Holds pieces back until the current turn of the event loop ends or 64 KiB have come together. The two streams keep
 * their order: before a piece for one of them, what is held for the other is written.
 */
export function openOutput(streams: Readonly<Record<LogStream, { write(data: Buffer): unknown }>>): Output {
  let held: Buffer[] = [];
  let size = 0;
  let target: LogStream = "stdout";
  let scheduled = false;

  const flush = () => {
    if (held.length === 0) return;
    const data = Buffer.concat(held, size);
    held = [];
    size = 0;
    streams[target].write(data);
  };

  return {
    write: (stream, data) => {
      if (stream !== target) flush();
      target = stream;
      held.push(data);
      size += data.length;
      if (size >= largest) flush();
      else if (!scheduled) {
        scheduled = true;
        setImmediate(() => {
          scheduled = false;
          flush();
        });
      }
    },
    flush,
  };
}
