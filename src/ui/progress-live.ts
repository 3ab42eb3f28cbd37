import {
  type DefaultRenderer,
  Listr,
  type ListrDefaultRendererLogLevels,
  ListrLogger,
  type ListrTaskWrapper,
  ProcessOutput,
  type SimpleRenderer,
} from "listr2";
import type { Plan } from "../reconcile/plan.ts";
import type { ProgressView } from "./progress.ts";
import { nameOf, replacementsOf, type Status, statusOf } from "./status.ts";

type Task = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;

/** One line on the screen: a container, a network, an image … */
interface Row {
  readonly id: string;
  task?: Task;
  since?: number;
  failed: boolean;
  /** How many of its steps have not ended. */
  left: number;
  title: string;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Progress on a terminal: one line for each thing that a plan touches, redrawn as it changes. */
export function liveProgress(out: NodeJS.WriteStream): ProgressView {
  let replacements: ReturnType<typeof replacementsOf> = new Map();
  /** Step → its row. */
  let rows: ReadonlyMap<number, Row> = new Map();
  let running: Promise<unknown> = Promise.resolve();
  /** Lines that stay below what was drawn. */
  const warnings: string[] = [];
  /** Bytes of each layer of the images that are being pulled. */
  const layers = new Map<string, Map<string, { current: number; total: number }>>();

  return {
    begin: (plan) => {
      replacements = replacementsOf(plan);
      rows = rowsOf(plan, replacements);
      if (rows.size === 0) return;
      process.on("exit", showCursor);
      running = draw([...new Set(rows.values())], out);
    },
    event: (event) => {
      const status = statusOf(event, replacements);
      const row = rows.get(event.step.id);
      if (row === undefined) return;
      if (event.type === "warned") warnings.push(`! ${row.id}  ${event.text}\n`);
      else if (event.type === "progress") {
        if (status !== undefined) showDetail(row, status);
      } else {
        if (status !== undefined) showState(row, status, event.at);
        if (event.type === "skipped" && !row.failed) row.task?.skip();
        if (event.type !== "started" && --row.left === 0) settle(row);
      }
    },
    say: ({ id, text }) => out.write(`✔ ${id}  ${text}\n`),
    end: async () => {
      for (const row of rows.values()) settle(row);
      await running;
      process.off("exit", showCursor);
      rows = new Map();
      for (const line of warnings.splice(0)) out.write(line);
    },
  };

  /** What is drawn hides the cursor; a second Ctrl-C ends the process in the middle of it. */
  function showCursor(): void {
    out.write("\u001b[?25h");
  }

  function showState(row: Row, { id, text, details, state }: Status, at: number): void {
    // What follows an error is not done because of it.
    if (row.failed) return;
    row.since ??= at;
    row.failed = state === "Error";
    const seconds = state === "Working" ? "" : `  ${((at - row.since) / 1000).toFixed(1)}s`;
    row.title = `${id}  ${text}${details === undefined ? "" : `: ${details.split("\n", 1)[0]}`}${seconds}`;
    if (row.task !== undefined) row.task.title = row.title;
    if (state !== "Working" && row.task !== undefined) row.task.output = "";
  }

  function showDetail(row: Row, status: Status): void {
    if (row.task === undefined) return;
    if (status.parent === undefined) {
      row.task.output = status.text.trimEnd();
      return;
    }
    const parts = layers.get(status.parent) ?? new Map();
    layers.set(status.parent, parts);
    if (status.total !== undefined) parts.set(status.id, { current: status.current ?? 0, total: status.total });
    const [current, total] = [...parts.values()].reduce(([c, t], part) => [c + part.current, t + part.total], [0, 0]);
    if (total > 0) row.task.output = `${megabytes(current)} of ${megabytes(total)} MB`;
  }
}

function settle({ failed, resolve, reject, title }: Row): void {
  failed ? reject(new Error(title)) : resolve();
}

/** The row of each step; all steps of one thing have the same. */
function rowsOf(plan: Plan, replacements: ReturnType<typeof replacementsOf>): ReadonlyMap<number, Row> {
  const rows = new Map<string, Row>();
  const byStep = new Map<number, Row>();
  for (const step of plan.steps) {
    const replacement = replacements.get(step.id);
    const id = replacement === undefined ? nameOf(step) : `Container ${replacement.container}`;
    const row = rows.get(id) ?? newRow(id);
    row.left++;
    rows.set(id, row);
    byStep.set(step.id, row);
  }
  return byStep;
}

function newRow(id: string): Row {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { id, failed: false, left: 0, title: id, done: promise, resolve, reject };
}

function draw(rows: readonly Row[], out: NodeJS.WriteStream): Promise<unknown> {
  const list = new Listr<unknown, "default", "simple">(
    rows.map((row) => ({
      title: row.title,
      task: (_: unknown, task: Task) => {
        row.task = task;
        task.title = row.title;
        return row.done;
      },
    })),
    {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      rendererOptions: {
        showErrorMessage: false,
        formatOutput: "truncate",
        logger: new ListrLogger<ListrDefaultRendererLogLevels>({
          useIcons: true,
          processOutput: new ProcessOutput(out, out),
        }),
      },
    },
  );
  return list.run();
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
