/** Builds by `docker buildx bake`, with whichever builder of it the user has chosen. */

import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { BuildError, type BuildOrder, isRemoteContext } from "../build-order.ts";
import { bakeFile, targetName, withBases } from "./bake-file.ts";
import type { BuildMeans } from "./builder.ts";
import { isNamedSource } from "./frontend-options.ts";
import { readTrace, type TraceNews } from "./tell-trace.ts";

/** Whether docker's buildx is installed. */
export function hasBuildx(environment: BuildMeans["environment"]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn("docker", ["buildx", "version"], { stdio: "ignore", env: Object.fromEntries(environment) });
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(code === 0));
  });
}

/** Builds, and pushes where that was ordered. BuildError; the signal's reason. */
export async function buildByBake(order: BuildOrder, means: BuildMeans): Promise<void> {
  const { environment, signal, warning } = means;
  if (order.memory !== undefined) warning("--memory has no effect on builds by buildx");
  const env = Object.fromEntries(environment);
  const child = spawn("docker", bakeArguments(order), { stdio: ["pipe", "pipe", "pipe"], env });
  const stop = () => child.kill("SIGINT");
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  ended.catch(() => {});
  // A program that ends without reading is judged by its exit code.
  child.stdin.on("error", () => {}).end(bakeFile([order]));
  const trace = readTrace(means);
  const targets = [...withBases([order]).keys()].map(targetName);
  const others: string[] = [];
  const said = (async () => {
    for await (const line of createInterface({ input: child.stderr })) {
      const news = readLine(line, targets);
      if (news === undefined) others.push(line);
      else trace.take(news);
    }
  })();
  const printed: string[] = [];
  const read = (async () => {
    for await (const line of createInterface({ input: child.stdout })) if (line !== "") printed.push(line);
  })();
  try {
    const code = await ended;
    await Promise.all([said, read]);
    if (signal?.aborted) throw signal.reason;
    if (code === 0) {
      for (const text of printed) means.progress({ text });
      return;
    }
    if (order.check === true && printed.length > 0)
      throw new BuildError(`${order.dockerfile ?? `the Dockerfile of "${order.name}"`}: there is something to mend`, {
        output: printed,
      });
    const last = others.filter((line) => /^ERROR: /.test(line)).at(-1) ?? others.findLast((line) => line.trim() !== "");
    const message = (last ?? `docker buildx bake exited with code ${code}`).replace(/^ERROR: /, "");
    throw new BuildError(placed(message, others, order), { output: trace.failure()?.output ?? [] });
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** Pure. What a target may read outside of the current directory has to be allowed. */
export function bakeArguments(order: BuildOrder): readonly string[] {
  const orders = [...withBases([order]).values()];
  const allowed = orders.flatMap(
    ({ context, contexts = {}, dockerfile, secrets = [], ssh, entitlements = [], network }) => [
      ...[context, ...Object.values(contexts)].filter((place) => !isNamedSource(place)).map(readable),
      ...(dockerfile === undefined || isRemoteContext(context) ? [] : [readable(dirname(dockerfile))]),
      ...secrets.flatMap(({ file }) => (file === undefined ? [] : [readable(file)])),
      ...Object.values(ssh ?? {}).flatMap((places) =>
        places
          .split(",")
          .filter((place) => place !== "")
          .map(readable),
      ),
      ...(ssh === undefined ? [] : ["ssh"]),
      ...entitlements,
      ...(network === "host" ? ["network.host"] : []),
    ],
  );
  return [
    "buildx",
    "bake",
    "--file",
    "-",
    "--progress",
    "rawjson",
    ...(order.builder === undefined ? [] : ["--builder", order.builder]),
    ...[...new Set(allowed)].flatMap((one) => ["--allow", one]),
    targetName(order.name),
  ];
}

const readable = (path: string): string => `fs.read=${path}`;

/** The place that buildx shows with an excerpt of the Dockerfile. */
function placed(message: string, lines: readonly string[], { dockerfile }: BuildOrder): string {
  const text = message.replace(/^(target [^:]+: )?failed to solve: /, "");
  const [, line] = lines.map((one) => /^[^\s:]*:(\d+)$/.exec(one)).find((found) => found !== null) ?? [];
  return line === undefined || dockerfile === undefined ? text : `${dockerfile}:${line}: ${text}`;
}

interface RawStatus {
  readonly vertexes?: readonly {
    readonly digest: string;
    readonly name?: string;
    readonly cached?: boolean;
    readonly completed?: string;
    readonly error?: string;
  }[];
  readonly logs?: readonly { readonly vertex: string; readonly data?: string }[];
  readonly statuses?: readonly {
    readonly vertex: string;
    readonly id: string;
    readonly current?: number;
    readonly total?: number;
  }[];
  readonly warnings?: readonly { readonly short?: string }[];
}

/** Source: moby/buildkit, client/graph.go: a SolveStatus as JSON. */
function readLine(line: string, targets: readonly string[]): TraceNews | undefined {
  if (!line.startsWith("{")) return undefined;
  let status: RawStatus;
  try {
    status = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { vertexes = [], logs = [], statuses = [], warnings = [] } = status;
  const textOf = (base64 = "") => Buffer.from(base64, "base64").toString("utf8");
  return {
    steps: new Map(
      vertexes.map(({ digest, name = "", cached = false, completed, error = "" }) => [
        digest,
        { name: withoutTarget(name, targets), cached, isOver: completed !== undefined, error },
      ]),
    ),
    logs: logs.map(({ vertex, data }) => ({ step: vertex, text: textOf(data) })),
    transfers: statuses.map(({ vertex, id, current = 0, total = 0 }) => ({ step: vertex, id, current, total })),
    warnings: warnings.map(({ short }) => textOf(short)),
  };
}

/** Each step says which target it is of: here there is one, and what it is built upon. */
function withoutTarget(name: string, targets: readonly string[]): string {
  for (const target of targets) {
    if (name.startsWith(`[${target}] `)) return name.slice(target.length + 3);
    if (name.startsWith(`[${target} `)) return `[${name.slice(target.length + 2)}`;
  }
  return name;
}
