import type { WatchEvent } from "../watch/event.ts";
import { envelope } from "./envelope.ts";
import { plainFindings } from "./findings.ts";
import { reportError } from "./report.ts";
import type { Style } from "./style.ts";

export interface WatchLineOptions {
  readonly style: Style;
  /** What paths are shown relative to. */
  readonly directory: string;
}

/** What is said of an event, with its line feed; one line unless something failed. */
export function watchLine(event: WatchEvent, { style, directory }: WatchLineOptions): string {
  const line = (service: string, text: string) => `${style("cyan", service)}  ${text}\n`;
  const failure = (service: string, text: string, error: Error) =>
    `${style("cyan", service)}  ${style("red", text)}\n${reportError(error, { style, directory }).text}`;
  switch (event.type) {
    case "ready": {
      const how = event.polling ? ", by polling" : "";
      return `Watch enabled: ${count(event.rules, "rule")} of ${event.services.join(", ")}${how}\n`;
    }
    case "warning": {
      const hint = event.hint === undefined ? "" : ` (${event.hint})`;
      return `${style("yellow", "warning:")} ${event.message}${hint}\n`;
    }
    case "synced": {
      const what = event.target ?? count(event.written + event.removed, "file");
      const removed = event.removed === 0 ? "" : event.written === 0 ? " removed" : `, ${event.removed} removed`;
      const where = event.containers === 1 ? "" : ` in ${event.containers} containers`;
      return line(
        event.service,
        `${event.written === 0 ? "" : "synced "}${what}${removed}${where}, ${took(event.took)}`,
      );
    }
    case "sync-failed": {
      const again = event.retryIn === undefined ? "with the next change" : `in ${took(event.retryIn)}`;
      return failure(event.service, `sync failed, tried again ${again}`, event.error);
    }
    case "rebuild-started":
      return line(event.service, `rebuilding: ${relative(event.because, directory)} changed`);
    case "rebuild-cancelled":
      return line(event.service, "build cancelled, there are newer changes");
    case "rebuilt":
      return line(event.service, `rebuilt, ${took(event.took)}`);
    case "rebuild-failed":
      return failure(event.service, "rebuild failed, what runs stays", event.error);
    case "restarted":
      return line(event.service, `restarted, ${took(event.took)}`);
    case "restart-failed":
      return failure(event.service, "restart failed", event.error);
    case "executed":
      return line(event.service, `ran ${event.command.join(" ")}, ${took(event.took)}`);
    case "exec-failed": {
      const output = event.output.map((text) => `  ${text}\n`).join("");
      return `${failure(event.service, `${event.command.join(" ")} failed`, event.error)}${output}`;
    }
    case "engine-lost":
      return `${style("yellow", "the engine does not answer")}, waiting for it (${event.error.message})\n`;
    case "engine-back":
      return "the engine is back\n";
    case "model-applied":
      return `${names(event.files, directory)} changed: the project is up to date, ${took(event.took)}\n`;
    case "model-broken":
      return `${reportError(event.error, { style, directory }).text}${style("yellow", "the project stays as it was")}\n`;
  }
}

/** The same as a line of `--json`; an error is its message, findings about files are as everywhere. */
export function watchJson({ type, ...fields }: WatchEvent): string {
  const plain = (value: unknown) => (value instanceof Error ? { message: value.message } : value);
  const findings = "diagnostics" in fields && { diagnostics: plainFindings(fields.diagnostics) };
  return envelope(type, {
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)])),
    ...findings,
  });
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Milliseconds as a person reads them. */
function took(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function relative(file: string, directory: string): string {
  return file.startsWith(`${directory}/`) ? file.slice(directory.length + 1) : file;
}

function names(files: readonly string[], directory: string): string {
  return files.map((file) => relative(file, directory)).join(", ");
}
