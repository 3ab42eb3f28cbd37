import type { ByteSource, ContainerCreateBody, Engine, ExecInspect, Progress, RegistryAuth } from "../engine/api.ts";
import { BuildError, type BuildOrder } from "../engine/build-order.ts";
import { EngineError } from "../errors.ts";
import type { ContainerTarget, InjectedFile, ModelRequest, Offer, ProviderRequest, Step, Subject } from "./plan.ts";
import { StepError } from "./step-error.ts";
import { explainStart, type FindListener } from "./taken-port.ts";

/** What steps need beside the engine. */
export interface Means {
  readonly engine: Engine;
  /** Builds an image with whatever builder the engine has; throws BuildError. */
  readonly build: (order: BuildOrder, tell: Tell) => Promise<void>;
  readonly packFiles: (files: readonly InjectedFile[]) => ByteSource;
  readonly authFor: (reference: string) => Promise<RegistryAuth | undefined>;
  /** Ends pulls, pushes and builds, which may take long and leave nothing half-done; every other call is finished. */
  readonly signal?: AbortSignal;
  /** Finds who has a port that is taken, beside the containers. */
  readonly findListener?: FindListener;
  readonly runProvider: (request: ProviderRequest, tell: Tell) => Promise<Offer>;
  readonly prepareModel: (request: ModelRequest, tell: Tell) => Promise<Offer>;
  /** Told what a provider or a model offers. */
  readonly offered?: (subject: Subject, offer: Offer) => void;
  /** Called before a container is started, so that its first line is not missed. */
  readonly beforeStart?: (container: { readonly id: string; readonly step: Step }) => Promise<void>;
}

type Of<Op extends Step["op"]> = Extract<Step, { op: Op }>;
/** Takes what happens while a step is carried out. */
export interface Tell {
  readonly progress: (progress: { text: string; id?: string; current?: number; total?: number }) => void;
  readonly warning: (text: string) => void;
}

/** How much of a build's or hook's output is shown when it fails. */
const shownLines = 20;

/**
 * Carries out one step: one engine call (a container with files of its own takes two). What is already as the step wants
 * it is success. Waits are not here: wait.ts.
 *
 * @param created step number → id of the container that it made; a create step adds its own
 * @returns the id of a container that was made
 */
export async function perform(
  step: Exclude<Step, { op: "wait-container" }>,
  means: Means,
  created: ReadonlyMap<number, string>,
  tell: Tell,
): Promise<string | undefined> {
  const { engine, offered = () => {} } = means;
  const idOf = (target: ContainerTarget) => idOfTarget(target, created);
  switch (step.op) {
    case "pull-image":
      return pull(step, means, tell);
    case "build-image":
      return build(step, means, tell);
    case "push-image":
      return push(step, means, tell);
    case "remove-image":
      await unlessGone(engine.imageRemove({ name: step.reference, ...(step.force === true && { force: true }) }));
      return undefined;
    case "create-network":
      await engine.networkCreate({ body: step.body });
      return undefined;
    case "remove-network":
      await unlessGone(engine.networkRemove({ id: step.network }));
      return undefined;
    case "connect-network":
      await engine.networkConnect({
        id: step.network,
        body: { Container: idOf(step.container), EndpointConfig: step.endpoint },
      });
      return undefined;
    case "disconnect-network":
      await unlessGone(
        engine.networkDisconnect({ id: step.network, body: { Container: idOf(step.container), Force: true } }),
      );
      return undefined;
    case "create-volume":
      await engine.volumeCreate({ body: step.body });
      return undefined;
    case "remove-volume":
      await unlessGone(engine.volumeRemove({ name: step.volume }));
      return undefined;
    case "create-container":
      return create(step, means, created, tell);
    case "update-container": {
      const { Warnings } = await engine.containerUpdate({ id: idOf(step.container), body: step.body });
      for (const text of Warnings ?? []) tell.warning(text);
      return undefined;
    }
    case "start-container": {
      const id = idOf(step.container);
      await means.beforeStart?.({ id, step });
      await engine.containerStart({ id }).catch(async (error: unknown) => {
        throw await explainStart(error, engine, means.findListener);
      });
      return undefined;
    }
    case "stop-container": {
      const { timeout: t, signal } = step;
      const how = { ...(t !== undefined && { t }), ...(signal !== undefined && { signal }) };
      await unlessGone(engine.containerStop({ id: idOf(step.container), ...how }));
      return undefined;
    }
    case "restart-container":
      await engine.containerRestart({
        id: idOf(step.container),
        ...(step.timeout !== undefined && { t: step.timeout }),
      });
      return undefined;
    case "pause-container":
      await engine.containerPause({ id: idOf(step.container) });
      return undefined;
    case "unpause-container":
      await engine.containerUnpause({ id: idOf(step.container) });
      return undefined;
    case "kill-container":
      await unlessGone(
        engine.containerKill({ id: idOf(step.container), ...(step.signal !== undefined && { signal: step.signal }) }),
      );
      return undefined;
    case "remove-container":
      await remove(step, engine, idOf(step.container));
      return undefined;
    case "rename-container":
      await engine.containerRename({ id: idOf(step.container), name: step.to });
      return undefined;
    case "run-hook":
      await runHook(step, engine, idOf(step.container));
      return undefined;
    case "run-provider":
      offered(step.subject, await means.runProvider(step.provider, tell));
      return undefined;
    case "prepare-model":
      offered(step.subject, await means.prepareModel(step.model, tell));
      return undefined;
  }
}

/** The id of the container that a step works on. */
export function idOfTarget(target: ContainerTarget, created: ReadonlyMap<number, string>): string {
  const id = "id" in target ? target.id : created.get(target.createdBy);
  if (id === undefined) throw new Error(`a step works on a container that no earlier step made`);
  return id;
}

async function create(
  step: Of<"create-container">,
  means: Means,
  created: ReadonlyMap<number, string>,
  tell: Tell,
): Promise<string> {
  const { engine } = means;
  const { Id: id, Warnings } = await engine.containerCreate({
    name: step.name,
    body: withIds(step.body, created),
    ...(step.platform !== undefined && { platform: step.platform }),
  });
  for (const text of Warnings ?? []) tell.warning(text);
  if (step.files.length > 0) {
    await engine.containerArchivePut({ id, path: "/", stream: means.packFiles(step.files) });
  }
  for (const { network, endpoint } of step.connect) {
    await engine.networkConnect({ id: network, body: { Container: id, EndpointConfig: endpoint } });
  }
  return id;
}

/** Fills in the ids of containers that were only steps when the plan was made. */
function withIds(body: ContainerCreateBody, created: ReadonlyMap<number, string>): ContainerCreateBody {
  const host = body.HostConfig;
  if (host === undefined) return body;
  const fill = (text: string) =>
    text.replace(/\{step (\d+)\}/, (_, step: string) => idOfTarget({ createdBy: Number(step) }, created));
  return {
    ...body,
    HostConfig: {
      ...host,
      ...(host.NetworkMode !== undefined && { NetworkMode: fill(host.NetworkMode) }),
      ...(host.IpcMode !== undefined && { IpcMode: fill(host.IpcMode) }),
      ...(host.PidMode !== undefined && { PidMode: fill(host.PidMode) }),
      ...(host.VolumesFrom && { VolumesFrom: host.VolumesFrom.map(fill) }),
    },
  };
}

async function remove(step: Of<"remove-container">, engine: Engine, id: string): Promise<void> {
  const how = { v: step.volumes, ...(step.force === true && { force: true }) };
  try {
    await unlessGone(engine.containerRemove({ id, ...how }));
  } catch (error) {
    const isUnderWay =
      error instanceof EngineError && /removal of container .* is already in progress/i.test(error.message);
    if (!isUnderWay) throw error;
    await unlessGone(engine.containerWait({ id, condition: "removed" }));
  }
}

async function pull(step: Of<"pull-image">, { engine, authFor, signal }: Means, tell: Tell): Promise<undefined> {
  const auth = await authFor(step.reference);
  try {
    const args = {
      fromImage: withTag(step.reference),
      ...(step.platform !== undefined && { platform: step.platform }),
      ...(auth !== undefined && { auth }),
    };
    const lines = await engine.imagePull(args, signal === undefined ? {} : { signal });
    for await (const line of lines) tellProgress(line, tell);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const blame = { path: ["image"], code: "unpullable-image" };
    throw new StepError(`image "${step.reference}" cannot be pulled: ${error.message}`, [], { cause: error, blame });
  }
  return undefined;
}

async function push(step: Of<"push-image">, { engine, authFor, signal }: Means, tell: Tell): Promise<undefined> {
  const [name = "", tag] = step.reference.split(/:(?=[^/:]+$)/);
  const args = { name, ...(tag !== undefined && { tag }), auth: (await authFor(step.reference)) ?? {} };
  const lines = await engine.imagePush(args, signal === undefined ? {} : { signal });
  for await (const line of lines) tellProgress(line, tell);
  return undefined;
}

/** Without a tag, the engine would pull every tag there is. */
function withTag(reference: string): string {
  return /[:@][^/]*$/.test(reference) ? reference : `${reference}:latest`;
}

async function build({ order, subject }: Of<"build-image">, means: Means, tell: Tell): Promise<undefined> {
  try {
    await means.build(order, tell);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const { message, output, attribute, hint } = error;
    const evidence = [
      order.check === true
        ? { title: `found in the Dockerfile of ${subject.name}`, lines: output }
        : { title: `last output of the build of ${subject.name}`, lines: output.slice(-shownLines) },
    ];
    const blame = attribute === undefined ? {} : { blame: { path: ["build", attribute], code: "unbuildable-image" } };
    // Where a place in the Dockerfile is named, it says enough.
    const text =
      order.check === true || /^\S+:\d+: /.test(message)
        ? message
        : `image "${subject.name}" cannot be built: ${message}`;
    throw new StepError(text, evidence, { cause: error, ...blame, ...(hint !== undefined && { hint }) });
  }
  return undefined;
}

function tellProgress({ stream, status, id, progressDetail }: Progress, tell: Tell): void {
  const text = (stream ?? status ?? "").trim();
  if (text === "") return;
  const { current, total } = progressDetail ?? {};
  tell.progress({
    text,
    ...(id !== undefined && { id }),
    ...(current !== undefined && { current }),
    ...(total !== undefined && { total }),
  });
}

async function runHook({ hook, subject }: Of<"run-hook">, engine: Engine, id: string): Promise<void> {
  const { Id: exec } = await engine.execCreate({
    id,
    body: {
      Cmd: [...hook.command],
      Env: [...hook.env],
      AttachStdout: true,
      AttachStderr: true,
      ...(hook.user !== undefined && { User: hook.user }),
      ...(hook.privileged !== undefined && { Privileged: hook.privileged }),
      ...(hook.working_dir !== undefined && { WorkingDir: hook.working_dir }),
    },
  });
  const connection = await engine.execStart({ id: exec, tty: false, body: { Detach: false, Tty: false } });
  const chunks: Buffer[] = [];
  for await (const { data } of connection.frames) chunks.push(data);
  const { ExitCode: code }: ExecInspect = await engine.execInspect({ id: exec });
  if (code === 0) return;
  const lines = Buffer.concat(chunks)
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
  const evidence = { title: `output of ${hook.command.join(" ")}`, lines: lines.slice(-shownLines) };
  throw new StepError(`${hook.phase} hook of ${subject.name} exited with code ${code}`, [evidence]);
}

/** What is gone already, or not running any more, need not be removed, stopped or killed. */
async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    const isGone = error instanceof EngineError && (error.status === 404 || /is not running/.test(error.message));
    if (!isGone) throw error;
  }
}
