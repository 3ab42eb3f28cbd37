/** The call for a container's processes: those of the host's `ps` that are in its control group. */

import type { Engine } from "../api.ts";
import { badRequest, conflict, internal } from "../refusal.ts";
import { publish, type Room } from "./room.ts";
import { processesIn } from "./runtime/cgroups.ts";
import { run } from "./runtime/run.ts";
import { cgroupPath } from "./spec/spec.ts";
import { isRunning } from "./state.ts";

type Top = Awaited<ReturnType<Engine["containerTop"]>>;

export function answerTop(room: Room): Pick<Engine, "containerTop"> {
  return {
    containerTop: async ({ id, ps_args = "-ef" }) => {
      const container = room.registry.find(id);
      const { record } = container;
      if (!isRunning(record.state)) throw conflict(`container ${record.id} is not running`);
      const options = ps_args.split(/\s+/).filter((word) => word !== "");
      checkOptions(options);
      const [pids, listing] = await Promise.all([
        processesIn(room.host.cgroups, cgroupPath(record.id, record.hostConfig)),
        run("ps", options).catch((cause: unknown) => {
          throw internal("ps could not be run: it is in the package procps", cause);
        }),
      ]);
      if (listing.code !== 0) throw internal(`ps: ${listing.stderr.trim() || `exited with ${listing.code}`}`);
      publish(room, record, "top");
      return selectProcesses(listing.stdout, new Set(pids.map(String)));
    },
  };
}

/** What would make `ps` write or read files of the host is no business of a container. */
function checkOptions(options: readonly string[]): void {
  const bad = options.find((option) => !/^[\w,=:.%+-]+$/.test(option));
  if (bad !== undefined) throw badRequest(`invalid ps option: ${bad}`);
}

/** The lines of a `ps` listing whose process is one of these. The last column takes the rest of its line. Pure. */
export function selectProcesses(listing: string, pids: ReadonlySet<string>): Top {
  const [head = "", ...lines] = listing.split("\n").filter((line) => line.trim() !== "");
  const Titles = head.trim().split(/\s+/);
  const pidColumn = Titles.indexOf("PID");
  if (pidColumn === -1) throw internal("Couldn't find PID field in ps output");
  const rows = lines.map((line) => splitColumns(line, Titles.length));
  return { Titles, Processes: rows.filter((row) => pids.has(row[pidColumn] ?? "")) };
}

function splitColumns(line: string, count: number): string[] {
  const words = line.trim().split(/\s+/);
  return words.length <= count ? words : [...words.slice(0, count - 1), words.slice(count - 1).join(" ")];
}
