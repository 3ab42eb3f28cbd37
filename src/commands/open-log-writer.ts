import { jsonLogWriter } from "../ui/log-json.ts";
import { type LogWriter, type LogWriterOptions, logWriter } from "../ui/log-writer.ts";
import { takesColourOn } from "./screen.ts";

/** How the flags of `logs` and `up` have lines of containers written. */
export interface LogFlags extends NonNullable<Parameters<typeof takesColourOn>[1]> {
  readonly json?: boolean;
  readonly "no-color"?: boolean;
  readonly "no-log-prefix"?: boolean;
  readonly timestamps?: boolean;
}

/** Where what containers write becomes lines: those of `--json`, or docker compose's. */
export function openLogWriter(flags: LogFlags, write: LogWriterOptions["write"]): LogWriter {
  if (flags.json) return jsonLogWriter(write);
  return logWriter({
    colour: flags["no-color"] !== true && takesColourOn(process.stdout, flags),
    prefix: flags["no-log-prefix"] !== true,
    timestamps: flags.timestamps === true,
    write,
  });
}
