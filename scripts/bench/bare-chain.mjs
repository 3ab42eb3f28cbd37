/** What a chain of health checks takes of the engine alone: the floor under every client. */
import http from "node:http";
import { request } from "./image.mjs";

/**
 * Starts created containers in turn by nothing but the engine's calls: each when the engine says by an event that the one
 * before is healthy; the last is only started. Milliseconds.
 */
export async function startInTurn(host, names) {
  const healthy = new Map(names.map((name) => [name, Promise.withResolvers()]));
  const events = await openEvents(host, ({ Action, Actor }) => {
    if (Action === "health_status: healthy") healthy.get(Actor.Attributes.name)?.resolve();
  });
  const begin = performance.now();
  for (const name of names) {
    await request(host, "POST", `/containers/${name}/start`);
    if (name !== names.at(-1)) await healthy.get(name).promise;
  }
  const took = performance.now() - begin;
  events.destroy();
  return took;
}

/** The stream of container events, open when it is returned. */
function openEvents(host, tell) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const filters = encodeURIComponent(JSON.stringify({ type: ["container"] }));
  const address = host.startsWith("unix://")
    ? { socketPath: host.slice(7) }
    : { host: new URL(host).hostname, port: new URL(host).port };
  const call = http.get({ ...address, path: `/events?filters=${filters}` }, (answer) => {
    let rest = "";
    answer.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) tell(JSON.parse(line));
    });
    answer.on("error", () => {});
    resolve(answer);
  });
  call.on("error", reject);
  return promise;
}
