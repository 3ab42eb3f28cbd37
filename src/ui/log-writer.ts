import { type Colour, makeStyle } from "./style.ts";

export type LogStream = "stdout" | "stderr";

export interface LogWriterOptions {
  /** Colours the prefixes. */
  readonly colour: boolean;
  /** `web-1  | ` in front of each line. */
  readonly prefix: boolean;
  /** Puts the stamp of a line's first piece in front of the line. */
  readonly timestamps: boolean;
  readonly write: (stream: LogStream, data: Buffer) => void;
}

/** Where the lines of several containers become one output. */
export interface LogWriter {
  /** Makes a container known: its name takes part in the width of the prefixes, and it gets the next colour. */
  add(name: string): void;
  /**
   * Bytes as they come, and their time (RFC 3339); whole lines are written at once, the rest of a line when it is
   * complete.
   */
  data(name: string, stream: LogStream, data: Buffer, stamp: string): void;
  /** The container's stream has ended: writes what is left of its last lines, with a line feed. */
  end(name: string): void;
  /** A container has stopped; the engine may be about to start it again. */
  exited(name: string, exitCode: number, restarting: boolean): void;
  /** A line of our own. */
  note(text: string): void;
}

const plain: readonly Colour[] = ["cyan", "yellow", "green", "magenta", "blue"];
/** docker compose's order: the plain colours, then the bold ones. */
const palette: readonly (readonly Colour[])[] = [...plain.map((c) => [c]), ...plain.map((c) => ["bold", c] as const)];

interface Source {
  readonly colour: readonly Colour[];
  prefix: Buffer;
  /** The pieces of a line that is not complete, the stamp first. */
  readonly open: Record<LogStream, Buffer[]>;
}

const feed = 0x0a;
const lineFeed = Buffer.from("\n");

/** Splits what containers write into lines and puts each container's name in front. Bytes are passed on as they are. */
export function logWriter({ colour, prefix, timestamps, write }: LogWriterOptions): LogWriter {
  const sources = new Map<string, Source>();
  const style = makeStyle(colour);
  let width = 0;

  const add = (name: string): Source => {
    const known = sources.get(name);
    if (known !== undefined) return known;
    const source: Source = {
      colour: palette[sources.size % palette.length] ?? [],
      prefix: Buffer.alloc(0),
      open: { stdout: [], stderr: [] },
    };
    sources.set(name, source);
    width = Math.max(width, name.length + 1);
    for (const [each, known] of sources) known.prefix = prefixOf(each, known);
    return source;
  };

  const prefixOf = (name: string, source: Source) =>
    Buffer.from(prefix ? style(source.colour, `${name.padEnd(width)} | `) : "");

  return {
    add: (name) => void add(name),
    data: (name, stream, data, stamp) => {
      const source = add(name);
      const open = source.open[stream];
      const { prefix: own } = source;
      if (open.length === 0 && !timestamps && data.indexOf(feed) === data.length - 1) {
        // One whole line, as most are: what writes puts the pieces together.
        if (own.length > 0) write(stream, own);
        return write(stream, data);
      }
      const pieces: Buffer[] = [];
      let start = 0;
      while (start < data.length) {
        if (open.length === 0 && timestamps) open.push(Buffer.from(`${stamp} `));
        const end = data.indexOf(feed, start) + 1;
        if (end === 0) {
          // The chunk's memory is the connection's: what is kept must not keep all of it.
          open.push(Buffer.from(data.subarray(start)));
          break;
        }
        pieces.push(source.prefix, ...open, data.subarray(start, end));
        open.length = 0;
        start = end;
      }
      if (pieces.length > 0) write(stream, Buffer.concat(pieces));
    },
    end: (name) => {
      const source = sources.get(name);
      if (source === undefined) return;
      for (const stream of ["stdout", "stderr"] as const) {
        const open = source.open[stream];
        if (open.length > 0) write(stream, Buffer.concat([source.prefix, ...open, lineFeed]));
        open.length = 0;
      }
    },
    exited: (name, exitCode, restarting) =>
      write("stdout", Buffer.from(`${name} exited with code ${exitCode}${restarting ? " (restarting)" : ""}\n`)),
    note: (text) => write("stdout", Buffer.from(`${text}\n`)),
  };
}
