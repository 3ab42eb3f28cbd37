/**
 * What stands through all kills and is never touched by the load: a container that counts, one that serves a published
 * page, one that fetches it by name all the time; and outside a prober of the published port.
 */
import { createHash } from "node:crypto";
import http from "node:http";
import { baseImage } from "./workload.mjs";

const network = "torture-standing";
export const bank = "torture-bank";

const counting = `n=0; while :; do n=$((n+1)); echo $n >> /bank/lines; echo $n; usleep 50000; done`;
const serving = "mkdir -p /www; echo served > /www/index.html; exec httpd -f -p 80 -h /www";
// A word for each time: the log shows what happened while nobody looked.
// Debian's static busybox has no wget that works: the C library would have to be loaded for it.
const fetchPage = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 $WEB 80 | busybox grep -x served";
const askName = "answer=$(nslookup web 2>&1) || echo no name: $answer";
const fetching = `while :; do ${askName}; ${fetchPage} || echo no page; usleep 100000; done`;

/** Makes them; `{ check, close }`. */
export async function openStanding(client, complain) {
  await client.networkCreate({ body: { Name: network } });
  await client.volumeCreate({ body: { Name: bank } });
  const create = async (name, script, more = {}) => {
    const HostConfig = { NetworkMode: network, ...more.HostConfig };
    const body = { Image: baseImage, Cmd: ["sh", "-c", script], ...more, HostConfig };
    const { Id } = await client.containerCreate({ name: `torture-${name}`, body });
    await client.containerStart({ id: Id });
    return Id;
  };
  const web = await create("web", serving, {
    ExposedPorts: { "80/tcp": {} },
    HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] } },
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: ["web"] } } },
  });
  const counter = await create("counter", counting, { HostConfig: { Binds: [`${bank}:/bank`] } });
  const { IPAddress } = (await client.containerInspect({ id: web })).NetworkSettings.Networks[network];
  const fetcher = await create("fetcher", fetching, { Env: [`WEB=${IPAddress}`] });
  const ids = [web, counter, fetcher];
  const lives = new Map();
  for (const id of ids) lives.set(id, await lifeOf(client, id));
  const { NetworkSettings } = await client.containerInspect({ id: web });
  const port = Number(NetworkSettings.Ports["80/tcp"][0].HostPort);
  const prober = probe(port, complain);
  let seen = { counter: 0, fetcher: 0 };

  return {
    ids,
    port,
    prober,
    /** Whether all of them lived on, and what they wrote is whole. */
    check: async (client, complain) => {
      for (const id of ids) {
        const life = await lifeOf(client, id);
        if (life !== lives.get(id)) complain("I-12", `${id} did not live on: ${lives.get(id)} became ${life}`);
      }
      const numbers = (await textOf(client, counter)).split("\n").slice(0, -1).map(Number);
      const gap = numbers.findIndex((number, index) => number !== index + 1);
      if (gap !== -1) complain("I-32", `the log of the counter has ${numbers[gap]} as line ${gap + 1}`);
      if (numbers.length < seen.counter) complain("I-32", `the log has become shorter: ${numbers.length} lines`);
      const answers = (await textOf(client, fetcher)).split("\n").slice(0, -1);
      const failures = answers.slice(seen.fetcher).filter((line) => line !== "served");
      if (failures.length > 0)
        complain("P3", `web was asked for its name and its page, ${failures.length} times in vain (${failures[0]})`);
      seen = { counter: numbers.length, fetcher: answers.length };
    },
    close: () => prober.close(),
  };
}

async function lifeOf(client, id) {
  const { State } = await client.containerInspect({ id });
  return `${State.Status} ${State.Pid} ${State.StartedAt}`;
}

async function textOf(client, id) {
  let text = "";
  const frames = await client.containerLogs({ id, tty: false, stdout: true, stderr: true });
  for await (const { data } of frames) text += data.toString();
  return text;
}

/** Fetches the page over the published port again and again; each failure is a complaint. */
function probe(port, complain) {
  let closed = false;
  let count = 0;
  const fetchOnce = () =>
    new Promise((resolve) => {
      const call = http.get({ host: "127.0.0.1", port, timeout: 10_000, agent: false }, (answer) => {
        answer
          .on("data", () => {})
          .on("end", () => resolve(undefined))
          .on("error", (error) => resolve(String(error)));
      });
      call.on("timeout", () => call.destroy(new Error("no answer in 10 s")));
      call.on("error", (error) => resolve(String(error)));
    });
  const done = (async () => {
    while (!closed) {
      const failure = await fetchOnce();
      count++;
      if (failure !== undefined && !closed) complain("P3", `the published port ${port} did not answer: ${failure}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  })();
  return {
    get count() {
      return count;
    },
    close: () => {
      closed = true;
      return done;
    },
  };
}

/** A volume's content as one sum: names, modes, times, bytes. */
export function sumOf(entries) {
  return createHash("sha256").update(JSON.stringify(entries)).digest("hex");
}
