import type { Frame } from "../engine/api.ts";
import { jsonLogWriter } from "../ui/log-json.ts";
import { drained } from "./screen.ts";

/** Where what a process in a container writes goes to. */
export interface TalkOutput {
  /** Takes a piece; where more would wait for a slow reader, resolves when it has caught up. */
  write(frame: Frame): Promise<void> | undefined;
  /** The process has written its last. */
  end(): void;
}

/** Each stream as it is. */
export const rawOutput: TalkOutput = {
  write: ({ stream, data }) => {
    const target = process[stream];
    return target.write(data) ? undefined : new Promise((resolve) => target.once("drain", () => resolve()));
  },
  end: () => {},
};

/** Lines of `--json` on stdout, with the name of the container and the time of their arrival. */
export function jsonOutput(container: string): TalkOutput {
  const writer = jsonLogWriter((_, line) => process.stdout.write(line));
  return {
    write: ({ stream, data }) => {
      writer.data(container, stream, data, new Date().toISOString());
      return drained(process.stdout, process.stdout.writableHighWaterMark);
    },
    end: () => writer.end(container),
  };
}
