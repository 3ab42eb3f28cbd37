/** The call for a container's logs. */

import type { Engine } from "../../api.ts";
import { parseTime } from "../../daemon/events.ts";
import { frameStream } from "../../frames.ts";
import { badRequest, notImplemented } from "../../refusal.ts";
import { stampOf } from "../logs/entries.ts";
import { readLog } from "../logs/read-log.ts";
import type { Room } from "../room.ts";
import { isRunning } from "../state.ts";
import { nextEnd } from "./until.ts";

export function answerLogs(room: Room): Pick<Engine, "containerLogs"> {
  return {
    containerLogs: async (args, { signal } = {}) => {
      const { stdout = false, stderr = false, follow = false, timestamps = false, details = false } = args;
      const container = room.registry.find(args.id);
      if (!stdout && !stderr) throw badRequest("Bad parameters: you must choose at least one stream");
      if (container.record.hostConfig.LogConfig?.Type === "none") {
        throw notImplemented("configured logging driver does not support reading");
      }
      const { since, until } = args;
      const tail = parseTail(args.tail);
      // A container without a process writes no more: there is nothing to follow.
      const end = follow && isRunning(container.record.state) ? nextEnd(container) : undefined;
      const output = readLog(room.places.of(container.id).log, {
        stdout,
        stderr,
        timestamps,
        details,
        ...(since !== undefined && since !== "0" && { since: stampOf(parseTime("since", since)) }),
        ...(until !== undefined && until !== "0" && { until: stampOf(parseTime("until", until)) }),
        ...(tail !== undefined && { tail }),
        ...(end !== undefined && { ended: end.ended }),
        ...(signal !== undefined && { signal }),
      });
      return frameStream(end === undefined ? output : finishing(output, end.cancel));
    },
  };
}

/** `all`, or a number of lines; what is no number is all, as docker has it. */
function parseTail(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The same items; `finish` is called when no more are wanted or to be had. */
export async function* finishing<T>(items: AsyncIterable<T>, finish: () => void): AsyncGenerator<T, void, undefined> {
  try {
    yield* items;
  } finally {
    finish();
  }
}
