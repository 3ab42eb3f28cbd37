import { envelope } from "./envelope.ts";
import type { LogStream, LogWriter } from "./log-writer.ts";

interface Open {
  readonly stamp: string;
  readonly pieces: Buffer[];
}

/** Container output as lines of `--json`: `log`, `exit` and `note`. Bytes that are no UTF-8 become U+FFFD. */
export function jsonLogWriter(write: (stream: LogStream, data: Buffer) => void): LogWriter {
  const open = new Map<string, Open>();
  const streams = ["stdout", "stderr"] as const;
  const key = (container: string, stream: LogStream) => `${stream} ${container}`;

  const tell = (type: string, fields: object) => write("stdout", Buffer.from(envelope(type, fields)));
  const writeLine = (container: string, stream: LogStream, { stamp, pieces }: Open) => {
    const line = Buffer.concat(pieces).toString("utf8");
    tell("log", { container, stream, time: stamp, line });
  };

  return {
    add: () => {},
    data: (container, stream, data, stamp) => {
      let start = 0;
      while (start < data.length) {
        const line = open.get(key(container, stream)) ?? { stamp, pieces: [] };
        const end = data.indexOf(0x0a, start);
        line.pieces.push(Buffer.from(data.subarray(start, end === -1 ? data.length : end)));
        if (end === -1) {
          open.set(key(container, stream), line);
          return;
        }
        open.delete(key(container, stream));
        writeLine(container, stream, line);
        start = end + 1;
      }
    },
    end: (container) => {
      for (const stream of streams) {
        const line = open.get(key(container, stream));
        open.delete(key(container, stream));
        if (line !== undefined) writeLine(container, stream, line);
      }
    },
    exited: (container, exitCode, restarting) => tell("exit", { container, exitCode, restarting }),
    note: (text) => tell("note", { text }),
  };
}
