/** What happens while a project is watched. Times are milliseconds. */

import type { Diagnostic } from "../errors.ts";

export interface WatchWarning {
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
  readonly service?: string;
  readonly path?: string;
}

/** What a batch brought into the containers of a service. */
export interface Synced {
  readonly service: string;
  /** Files, links and directories that were written. */
  readonly written: number;
  readonly removed: number;
  /** Containers that have them now. */
  readonly containers: number;
  /** The path in the container, where there was only one. */
  readonly target?: string;
  readonly took: number;
}

export type WatchEvent =
  | {
      readonly type: "ready";
      readonly rules: number;
      readonly services: readonly string[];
      /** The system gives no notice of changes, so that folders are looked through again and again. */
      readonly polling: boolean;
    }
  | ({ readonly type: "warning" } & WatchWarning)
  | ({ readonly type: "synced" } & Synced)
  /** The batch is tried again after `retryIn`, or, where that is absent, with the next change. */
  | {
      readonly type: "sync-failed";
      readonly service: string;
      readonly error: Error;
      readonly retryIn?: number;
    }
  | { readonly type: "rebuild-started"; readonly service: string; readonly because: string }
  /** Newer changes came, and it begins again. */
  | { readonly type: "rebuild-cancelled"; readonly service: string }
  | { readonly type: "rebuilt"; readonly service: string; readonly took: number }
  | { readonly type: "rebuild-failed"; readonly service: string; readonly error: Error }
  | { readonly type: "restarted"; readonly service: string; readonly took: number }
  | { readonly type: "restart-failed"; readonly service: string; readonly error: Error }
  | {
      readonly type: "executed";
      readonly service: string;
      readonly command: readonly string[];
      readonly containers: number;
      readonly took: number;
    }
  | {
      readonly type: "exec-failed";
      readonly service: string;
      readonly command: readonly string[];
      readonly error: Error;
      /** Its last lines. */
      readonly output: readonly string[];
    }
  /** The engine does not answer: what changes meanwhile is made up for when it is back. */
  | { readonly type: "engine-lost"; readonly error: Error }
  | { readonly type: "engine-back" }
  /** The project's files are in order, and their plan was carried out. */
  | { readonly type: "model-applied"; readonly files: readonly string[]; readonly took: number }
  /** They are not: the project stays what it was. */
  | {
      readonly type: "model-broken";
      readonly files: readonly string[];
      readonly diagnostics: readonly Diagnostic[];
      readonly error: Error;
    };
