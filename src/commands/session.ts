import type { Loaded } from "../compose/load.ts";
import type { ProjectModel } from "../compose/model.ts";
import { chooseEngine } from "../engine/choose.ts";
import { connect, type EngineClient, type Trace } from "../engine/client.ts";
import { type Globals, parseParallel } from "./global-flags.ts";
import { isolatedName } from "./isolation.ts";
import { processEnvironment } from "./process-environment.ts";
import { loadAll } from "./project.ts";

/** A project and the engine that it runs on. */
export interface Session {
  readonly engine: EngineClient;
  /** The project's name. */
  readonly name: string;
  /** Absent when only the name is known: `-p` without `-f`, for verbs that can do without the files. */
  readonly loaded?: Loaded;
  /** The project's variables, or this process's where no file was read. */
  readonly environment: ReadonlyMap<string, string>;
  /** Says what only those want to know who gave `--verbose`. */
  readonly debug: (text: string) => void;
  /** How many engine calls may be under way at once; absent: no bound. */
  readonly parallel?: number;
}

export interface LoadedSession extends Session {
  readonly loaded: Loaded;
}

/**
 * The engine to use, asked for its API version already: while the files are read, the first answer is on its way. Errors
 * of that first question come with the first call. The embedded engine, where it is the one, is started only when the
 * files are known to be in order.
 */
export async function openEngine(
  { engine, verbose }: Pick<Globals, "engine"> & Partial<Pick<Globals, "verbose">>,
  files: Promise<unknown> = Promise.resolve(),
): Promise<EngineClient> {
  const environment = processEnvironment();
  const embedded = async () => {
    await files;
    return startEmbedded();
  };
  const address = await chooseEngine({
    environment,
    ...(engine !== undefined && { engine }),
    ...(process.platform === "linux" && { embedded }),
  });
  const client = connect(address, verbose ? { trace: printCall } : {});
  client.apiVersion().catch(() => {});
  return client;
}

/** `gantry: debug: GET /v1.41/containers/json 200 4 ms`. */
const printCall: Trace = ({ method, path, status, ms }) => {
  process.stderr.write(`gantry: debug: ${method} ${path} ${status} ${Math.round(ms)} ms\n`);
};

async function startEmbedded(): Promise<string> {
  const { ensureEmbedded, placesOf } = await import("../engine/embedded.ts");
  const places = placesOf();
  return ensureEmbedded({
    places,
    command: [process.execPath, ...process.execArgv, process.argv[1] ?? ""],
    started: () => process.stderr.write(`gantry: no other engine here, started its own at unix://${places.socket}\n`),
  });
}

/**
 * Loads the project, with the profiles of the named services, and reaches for the engine at the same time.
 *
 * @param begin what can be done when engine and name are known, while the files are being read
 */
export async function openSession(
  flags: Globals,
  services: readonly string[] = [],
  begin?: (engine: EngineClient, name: string) => void,
): Promise<LoadedSession> {
  const named = async (name: string) => {
    asked.then((engine) => begin?.(engine, name)).catch(() => {});
    await letAnswersIn();
  };
  const files = letAnswersIn().then(() => loadAll(flags, { services, ...(begin && { named }) }));
  const asked = openEngine(flags, files);
  const [engine, loaded] = await both(asked, files);
  return { engine, loaded, name: loaded.project.name, ...settings(flags, loaded.project.environment) };
}

/** The same for verbs that work on existing containers: with `-p` and without `-f` no file is read. */
export async function openSessionByName(flags: Globals, services: readonly string[] = []): Promise<Session> {
  const name = flags["project-name"];
  if (name === undefined || flags.file !== undefined) return openSession(flags, services);
  return { engine: await openEngine(flags), name: isolatedName(name, flags), ...settings(flags, processEnvironment()) };
}

/** The project of a session, every enabled service of it, where its files were read. */
export function modelOf({ loaded }: Session): ProjectModel | undefined {
  return loaded?.project;
}

function settings(
  flags: Globals,
  environment: ReadonlyMap<string, string>,
): Pick<Session, "environment" | "parallel" | "debug"> {
  const limit = environment.get("COMPOSE_PARALLEL_LIMIT");
  const parallel = flags.parallel ?? (limit === undefined || limit === "" ? -1 : parseParallel(limit));
  const debug = (text: string) => {
    if (flags.verbose) process.stderr.write(`gantry: debug: ${text}\n`);
  };
  return { environment, debug, ...(parallel > 0 && { parallel }) };
}

/**
 * Two rounds of the event loop: connections that were opened get their questions, and what was answered is read, before
 * files keep the process busy.
 */
async function letAnswersIn(): Promise<void> {
  for (let round = 0; round < 2; round++) await new Promise((resolve) => setImmediate(resolve));
}

/** Both results. Where both fail, what is wrong with the files is told first: it is for the user to repair. */
async function both<A, B>(engine: Promise<A>, files: Promise<B>): Promise<[A, B]> {
  engine.catch(() => {});
  const loaded = await files;
  return [await engine, loaded];
}
