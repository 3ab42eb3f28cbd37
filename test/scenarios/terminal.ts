/** A terminal for scenarios: gantry in a pane of tmux, what the pane shows, keys and sizes. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { executable, type Stack } from "./harness.ts";

/** Why there is no terminal; undefined when there is one. */
export const withoutTmux = spawnSync("tmux", ["-V"]).status === 0 ? undefined : "tmux is not installed";

export interface Terminal {
  /** Resolves with the pane's text as soon as it shows all of the words. */
  readonly shows: (...words: readonly (string | RegExp)[]) => Promise<string>;
  /** The same when gantry has ended with a code. Throws where it left the terminal in another state than it was in. */
  readonly exits: (code: number) => Promise<string>;
  /** Presses keys by tmux's names: `C-c`, `Enter`, `d`. */
  readonly press: (...keys: readonly string[]) => void;
  /** Types a line, and Enter. */
  readonly type: (line: string) => void;
  readonly resize: (columns: number, rows: number) => void;
}

/** What is the same on every machine: a pane's programs ask their environment what it can show. */
const surroundings = {
  PATH: process.env.PATH ?? "",
  HOME: process.env.HOME ?? "/root",
  LANG: "C.UTF-8",
  TERM: "xterm",
};

/** Runs gantry in a pane of 80 columns and 24 rows, which shows `[exit N]` when it has ended. */
export async function inTerminal<T>(
  stack: Stack,
  args: readonly string[],
  body: (terminal: Terminal) => Promise<T>,
): Promise<T> {
  const socket = ["-L", randomBytes(6).toString("hex"), "-f", "/dev/null"];
  const options = { encoding: "utf8", env: surroundings } as const;
  const tmux = (...words: readonly string[]) => execFileSync("tmux", [...socket, ...words], options);
  const environment = { DOCKER_HOST: stack.url, COMPOSE_PROJECT_NAME: stack.project };
  const variables = Object.entries(environment).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  // It begins when the pane is being watched, and stays to be looked at.
  // Ctrl-C is for gantry; the shell waits for it.
  const script = `read _; trap : INT; stty echo; clear; before=$(stty -g); "$@"; code=$?
[ "$(stty -g)" = "$before" ] || echo "[changed: $(stty -a)]"; echo "[exit $code]"; read _`;
  const program = ["sh", "-c", `stty -echo; ${script}`, "sh", process.execPath, "--", executable, ...args];
  tmux("new-session", "-d", "-x", "80", "-y", "24", "-c", stack.folder, ...variables, ...program);
  tmux("set-option", "-g", "window-size", "manual");
  const watcher = spawn("tmux", [...socket, "-C", "attach-session"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: surroundings,
  });
  try {
    const changes = changesOf(watcher);
    await changes.next();
    tmux("send-keys", "Enter");
    const shows: Terminal["shows"] = async (...words) => {
      const signal = AbortSignal.timeout(20_000);
      for (;;) {
        const changed = changes.next();
        const text = tmux("capture-pane", "-p");
        if (words.every((word) => (typeof word === "string" ? text.includes(word) : word.test(text)))) return text;
        await Promise.race([changed, aborted(signal)]).catch(() => {
          throw new Error(`the pane does not show ${words.join(", ")}:\n${text}`);
        });
      }
    };
    return await body({
      shows,
      exits: async (code) => {
        const text = await shows(/\[exit \d+\]$/m);
        const cursor = tmux("display-message", "-p", "#{cursor_flag}").trim();
        const isAsItWas = cursor === "1" && !text.includes("[changed:");
        if (isAsItWas && text.includes(`[exit ${code}]`)) return text;
        throw new Error(`the pane is not as a run leaves it that ends with ${code} (cursor: ${cursor}):\n${text}`);
      },
      press: (...keys) => void tmux("send-keys", ...keys),
      type: (line) => {
        tmux("send-keys", "-l", line);
        tmux("send-keys", "Enter");
      },
      resize: (columns, rows) => void tmux("resize-window", "-x", String(columns), "-y", String(rows)),
    });
  } finally {
    watcher.kill();
    spawnSync("tmux", [...socket, "kill-server"]);
  }
}

/** A promise of the next change of the pane, as tmux's control mode tells. */
function changesOf({ stdout }: ChildProcess): { readonly next: () => Promise<void> } {
  let next = Promise.withResolvers<void>();
  if (stdout === null) throw new Error("tmux has no output");
  createInterface(stdout).on("line", (line) => {
    if (!/^%(output|session-changed|layout-change)/.test(line)) return;
    next.resolve();
    next = Promise.withResolvers();
  });
  return { next: () => next.promise };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

/** What a pane shows, without what differs from run to run: progress comes before the output that races with it. */
export function paneText(text: string, { project, folder }: Stack): string {
  return text
    .replaceAll(folder, "FOLDER")
    .replaceAll(project, "PROJECT")
    .replace(/ +(\d+\.\d+ ?s|\d+ ms)\b/g, " TIME")
    .replace(/\b[0-9a-f]{12}\b/g, "ID12")
    .replace(/ +$/gm, "")
    .trimEnd()
    .split("\n")
    .toSorted((a, b) => rank(a) - rank(b) || (rank(a) === 0 ? a.localeCompare(b) : 0))
    .join("\n");
}

/** 0: what is done, in any order; 1: progress as it comes; 2: all else. */
function rank(line: string): number {
  return line.startsWith("✔ ") ? 0 : /^ (Container|Network) /.test(line) ? 1 : 2;
}
