/** What a build is made of, where a client's session gives it. Source: moby/buildkit, frontend/dockerui. */

import path from "node:path";
import type { Source } from "../../../errors.ts";
import type { RegistryAuth } from "../../api.ts";
import { GrpcError, grpcStatus } from "../../buildkit/grpc.ts";
import { empty } from "../../buildkit/messages.ts";
import { decode, encode } from "../../buildkit/protobuf.ts";
import {
  bytesMessage,
  checkAgentRequest,
  credentialsRequest,
  credentialsResponse,
  secretRequest,
  secretResponse,
  sessionPath,
} from "../../buildkit/session-messages.ts";
import { humanSize } from "../../images/progress.ts";
import { badRequest } from "../../refusal.ts";
import type { BuildOutput } from "../output.ts";
import { openRemoteContext, treeOfStream } from "../remote-context.ts";
import type { AgentConnector, BuildSources, NamedContext } from "../request.ts";
import { type Tree, textIn } from "../tree.ts";
import type { SentContexts } from "./contexts.ts";
import type { Session } from "./open-sessions.ts";
import { receiveDirectory } from "./receive-directory.ts";

export interface SessionContext {
  readonly session: Session;
  readonly options: ReadonlyMap<string, string>;
  readonly named: ReadonlyMap<string, NamedContext>;
  readonly sent: SentContexts;
  readonly signal: AbortSignal;
  readonly task: BuildOutput["task"];
  temporary(): string;
  /** To be done when the build is over. */
  atEnd(close: () => void): void;
}

export function sessionSources(context: SessionContext): BuildSources {
  const { options, named, atEnd } = context;
  const dockerfileName = options.get("filename") || "Dockerfile";
  const remote = options.get("context") ?? "";
  const isLocal = remote === "" || remote.startsWith("local:");
  const closedAtEnd = async (coming: Promise<Tree>) => {
    const tree = await coming;
    atEnd(tree.close);
    return tree;
  };
  let whole: Promise<Tree> | undefined;
  const fetched = () => {
    whole ??= closedAtEnd(fetchContext(context, remote, dockerfileName));
    return whole;
  };
  const contextName = remote.startsWith("local:")
    ? remote.slice("local:".length)
    : (options.get("contextkey") ?? "context");
  let files: Promise<Tree> | undefined;
  /** The Dockerfile and what tells which files to leave out: they may lie elsewhere than the context. */
  const dockerfiles = () => {
    const only = [dockerfileName, `${dockerfileName}.dockerignore`, dockerfileName.toLowerCase()];
    files ??= closedAtEnd(
      transfer(context, `load build definition from ${dockerfileName}`, {
        name: options.get("dockerfilekey") ?? "dockerfile",
        only: [...new Set(only)],
      }),
    );
    return files;
  };
  const own = isLocal || options.has("dockerfilekey") ? dockerfiles : fetched;
  return {
    named,
    dockerfile: async (): Promise<Source> => {
      const tree = await own();
      const text = textIn(tree, dockerfileName) ?? textIn(tree, dockerfileName.toLowerCase());
      if (text === undefined)
        throw badRequest(`failed to read dockerfile: open ${dockerfileName}: no such file or directory`);
      return { path: path.basename(dockerfileName), text };
    },
    context: async (paths) => {
      if (!isLocal) return fetched();
      const ignore = textIn(await own(), `${dockerfileName}.dockerignore`) ?? (await ignoreFile(context, contextName));
      return transfer(context, "load build context", {
        name: contextName,
        only: paths,
        exclude: ignore === undefined ? [] : patternsOf(ignore),
      });
    },
    credentials: (registry) => credentials(context, registry),
    secret: (id) => secret(context, id),
    agent: (id) => agent(context, id),
  };
}

async function ignoreFile(context: SessionContext, name: string): Promise<string | undefined> {
  const tree = await transfer(context, "load .dockerignore", { name, only: [".dockerignore"] });
  try {
    return textIn(tree, ".dockerignore");
  } finally {
    tree.close();
  }
}

/** The lines that are patterns, as they are written. */
const patternsOf = (text: string): readonly string[] =>
  text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

/** A directory of the client's, with a line about it. */
export async function transfer(
  {
    session,
    sent,
    signal,
    task,
    temporary,
  }: Pick<SessionContext, "session" | "sent" | "signal" | "task" | "temporary">,
  what: string,
  request: {
    readonly name: string;
    readonly only?: readonly string[] | undefined;
    readonly exclude?: readonly string[];
  },
): Promise<Tree> {
  const step = task(`[internal] ${what}`);
  let bytes = 0;
  try {
    const progress = (more: number) => {
      bytes += more;
    };
    const tree = await receiveDirectory({ ...request, session, sent, signal, progress, file: temporary() });
    step.progress({ id: `transferring ${request.name}: ${humanSize(bytes)}`, status: "done" });
    step.done("");
    return tree;
  } catch (error) {
    step.failed(error);
    throw error;
  }
}

/** A context that is no directory of the client's: a repository, an archive by HTTP, or one that the client sends. */
async function fetchContext(context: SessionContext, remote: string, dockerfile: string): Promise<Tree> {
  const { session, signal, temporary, task } = context;
  const step = task(`[internal] load remote build context`);
  try {
    const upload = /^https?:\/\/buildkit-session\/(.+)$/.exec(remote);
    const tree =
      upload?.[1] === undefined
        ? await openRemoteContext(remote, dockerfile, temporary(), signal)
        : await treeOfStream(uploaded(session, upload[1], signal), dockerfile, temporary());
    step.done("");
    return tree;
  } catch (error) {
    step.failed(error);
    throw error;
  }
}

/** What the client was given on its standard input. */
async function* uploaded(session: Session, id: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stream = session.client.open(sessionPath.upload, { signal, metadata: { urlpath: `/${id}` } });
  for await (const message of stream.messages) yield decode(bytesMessage, message).data;
}

async function credentials({ session, signal }: SessionContext, registry: string): Promise<RegistryAuth | undefined> {
  if (!session.answers(sessionPath.credentials)) return undefined;
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  const types = { request: credentialsRequest, response: credentialsResponse };
  const { username, secret } = await session.client.ask(sessionPath.credentials, types, { host }, { signal });
  if (secret === "") return undefined;
  return username === "" ? { identitytoken: secret } : { username, password: secret };
}

async function secret({ session, signal }: SessionContext, id: string): Promise<Buffer | undefined> {
  if (!session.answers(sessionPath.secret)) return undefined;
  const types = { request: secretRequest, response: secretResponse };
  try {
    return (await session.client.ask(sessionPath.secret, types, { id }, { signal })).data;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function agent({ session, signal }: SessionContext, id: string): Promise<AgentConnector | undefined> {
  if (!session.answers(sessionPath.checkAgent)) return undefined;
  try {
    await session.client.ask(
      sessionPath.checkAgent,
      { request: checkAgentRequest, response: empty },
      { id },
      { signal },
    );
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return (connection) => {
    const stream = session.client.open(sessionPath.forwardAgent, { signal, metadata: { "buildkit.ssh.id": id } });
    const toAgent = async () => {
      for await (const chunk of connection) await stream.send(encode(bytesMessage, { data: chunk as Buffer }));
      stream.end();
    };
    const fromAgent = async () => {
      for await (const message of stream.messages) connection.write(decode(bytesMessage, message).data);
      connection.end();
    };
    // Either side may go at any time: then the other one does too.
    Promise.all([toAgent(), fromAgent()]).catch(() => connection.destroy());
  };
}

/** A client that does not have something says so in one of several ways. */
const isMissing = (error: unknown): boolean =>
  error instanceof GrpcError &&
  (error.code === grpcStatus.notFound || /not found|no ssh|unset ssh/i.test(error.message));
