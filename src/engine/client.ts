/** The client: an `Engine` behind an address. Derived from the route table; there is no code per call. */

import type { Duplex } from "node:stream";
import type { Address } from "./address.ts";
import { readAnswer, readRefusal } from "./answer.ts";
import type { CallOptions, Engine } from "./api.ts";
import { agreeOnApi, oldestApi } from "./api-version.ts";
import { exchange, type Outgoing } from "./exchange.ts";
import { renderRequest } from "./request.ts";
import { type Route, routes } from "./routes.ts";
import { openTransport, type Transport } from "./transport.ts";

export interface EngineClient extends Engine {
  /** Where the engine is, as the user wrote it. */
  readonly url: string;
  /** The API version that is spoken, `1.41`; asks the engine the first time. */
  apiVersion(): Promise<string>;
  /**
   * A connection on which something else than HTTP/1 is spoken from now on: BuildKit's protocol. EngineError where the engine does
   * not have it. What is destroyed with the signal is the caller's to see to.
   */
  tunnel(
    path: "/session" | "/grpc",
    headers: Outgoing["headers"],
    options?: Pick<CallOptions, "signal">,
  ): Promise<Duplex>;
  /** Cuts every connection; calls under way reject. */
  close(): void;
}

/** Told of every answer: when it came, in milliseconds after the call. */
export type Trace = (call: {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
}) => void;

type Arguments = Readonly<Record<string, unknown>>;

/**
 * An engine to call. Nothing is opened before the first call; that one asks the engine for its API version (once, also
 * when many calls begin together), unless `address.apiVersion` fixes it.
 */
export function connect(address: Address, { trace }: { readonly trace?: Trace } = {}): EngineClient {
  const transport = openTransport(address);
  let agreed: Promise<string> | undefined;
  const apiVersion = () => {
    if (agreed !== undefined) return agreed;
    const asked = address.apiVersion === undefined ? negotiate(transport) : Promise.resolve(address.apiVersion);
    agreed = asked;
    // An engine that is just starting may answer the next time. Whoever asked hears of the failure by the promise itself.
    asked.catch(() => {
      agreed = undefined;
    });
    return asked;
  };
  const call = async (route: Route, args: Arguments, options: CallOptions) => {
    const version = route.unversioned ? oldestApi : await waitFor(apiVersion(), options.signal);
    return perform(transport, route, args, version, { ...options, trace });
  };
  const methods = Object.entries(routes).map(([name, route]: [string, Route]) => [
    name,
    (args: Arguments = {}, options: CallOptions = {}) => call(route, args, options),
  ]);
  // The table's type holds each route against its method (routes.ts); this is where that is relied upon.
  const engine = Object.fromEntries(methods) as Engine;
  const tunnel: EngineClient["tunnel"] = async (path, headers, { signal } = {}) =>
    openTunnel(transport, `/v${await waitFor(apiVersion(), signal)}${path}`, headers, signal);
  return { ...engine, url: address.url, apiVersion, tunnel, close: () => transport.close() };
}

/** Source: moby, client/hijack.go and daemon/server/router/grpc. */
async function openTunnel(
  transport: Transport,
  path: string,
  headers: Outgoing["headers"],
  signal: AbortSignal | undefined,
): Promise<Duplex> {
  const wire = { method: "POST" as const, path, headers: { ...headers, Connection: "Upgrade", Upgrade: "h2c" } };
  const reply = await exchange(transport, wire, { signal, hijack: true });
  const { status, socket, head } = reply;
  if (status !== 101 || socket === undefined) throw await readRefusal(reply);
  if (head !== undefined && head.length > 0) socket.unshift(head);
  return socket;
}

async function perform(
  transport: Transport,
  route: Route,
  args: Arguments,
  version: string,
  { signal, accepted, unchanged, trace }: CallOptions & { readonly trace: Trace | undefined },
): Promise<unknown> {
  const wire = renderRequest(route, args, version);
  const begun = Date.now();
  const reply = await exchange(transport, wire, { signal, hijack: route.answer === "hijack" });
  trace?.({ method: wire.method, path: wire.path, status: reply.status, ms: Date.now() - begun });
  if (!route.status.includes(reply.status)) throw await readRefusal(reply);
  accepted?.();
  if (reply.status === 304) unchanged?.();
  return readAnswer(route.answer, reply, args.tty === true);
}

/** Asks for the engine's API version by its ping. Engines and proxies that know no HEAD are asked by GET. */
async function negotiate(transport: Transport): Promise<string> {
  let offered: string | undefined;
  for (const method of ["HEAD", "GET"] as const) {
    const reply = await exchange(transport, { method, path: "/_ping", headers: {} }, { hijack: false });
    if (reply.status !== 200) {
      const refusal = await readRefusal(reply);
      if (method === "GET") throw refusal;
      continue;
    }
    await readAnswer("none", reply, false);
    const header = reply.response.headers["api-version"];
    offered = typeof header === "string" ? header : undefined;
    break;
  }
  return agreeOnApi(offered, transport.address.url);
}

/** A promise that many share, given up by one of them when its signal is aborted. */
function waitFor<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return shared;
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    shared.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
