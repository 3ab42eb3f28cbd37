/** What the OCI runtime said when a container could not be made, in docker's words: clients choose exit codes by them. */

import type { EngineError } from "../../errors.ts";
import { badRequest, internal } from "../refusal.ts";

export interface StartFailure {
  readonly error: EngineError;
  /** What the container's state and `docker run` say: 127 no such program, 126 not to be executed, else 128. */
  readonly exitCode: number;
}

export function startFailure(cause: unknown, program: string): StartFailure {
  const words = cause instanceof Error ? cause.message : String(cause);
  const reason = reasonOf(words, program);
  const message = `failed to create task for container: failed to create shim task: OCI runtime create failed: ${reason}`;
  if (/executable file not found|no such file or directory/i.test(reason)) {
    return { error: badRequest(message, cause), exitCode: 127 };
  }
  if (/permission denied|is a directory|exec format error/i.test(reason)) {
    return { error: badRequest(message, cause), exitCode: 126 };
  }
  return { error: internal(message, cause), exitCode: 128 };
}

function reasonOf(words: string, program: string): string {
  const text = words.trim();
  // crun names the program in backquotes, and only where it looked along $PATH.
  if (/executable file .* not found in \$PATH/.test(text)) {
    return `exec: "${program}": executable file not found in $PATH: unknown`;
  }
  const open =
    /(?:open executable|exec(?:ve)?|stat `?[^`:]*`?): (Permission denied|Is a directory|No such file or directory|Exec format error|Operation not permitted)/i.exec(
      text,
    );
  // crun has no other words for a directory.
  if (open?.[1] === "Operation not permitted") return `exec: "${program}": is a directory: permission denied: unknown`;
  if (open !== null) return `exec: "${program}": ${open[1]?.toLowerCase()}: unknown`;
  return text;
}
