/** The load: calls of all kinds on a few slots, several at a time, drawn from a seed. */
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { load } from "./arena.mjs";
import { absent, isBrief } from "./model.mjs";

const { packFiles } = await load("engine/build-context.ts");

export const baseImage = "torture:base";
/** What everything of the load bears; the value tells one from the one that had the name before. */
export const label = "gantry.torture";
const idle = "trap 'exit 0' TERM; sleep 100000 & wait";

const file = (where, content, mode = 0o755) => ({ path: where, content: Buffer.from(content), uid: 0, gid: 0, mode });

/** A tar of a root file system: busybox under the names that the load calls. */
export function rootTar() {
  const busybox = readFileSync("/bin/busybox");
  const names = ["busybox", "sh", "sleep", "echo", "cat", "httpd", "mkdir", "nc", "nslookup", "printf", "usleep"];
  return packFiles(names.map((name) => file(`/bin/${name}`, busybox)));
}

/** The layer of the image that is pulled. */
export const pulledLayer = async () =>
  Buffer.concat(await Array.fromAsync(packFiles([file("/bin/busybox", readFileSync("/bin/busybox"))])));

/** Takes progress to its end; a failure that it tells of is thrown. */
export async function drain(stream) {
  for await (const _ of stream);
}

/** Who works on what: nobody works on a slot that another one holds. */
function openLocks() {
  const held = new Set();
  return {
    take: (random, candidates) => {
      const free = candidates.filter((slot) => !held.has(slot));
      if (free.length === 0) return undefined;
      const slot = random.pick(free);
      held.add(slot);
      return slot;
    },
    release: (...slots) => {
      for (const slot of slots) held.delete(slot);
    },
  };
}

/**
 * Works until `signal` is aborted or the daemon is gone.
 *
 * @param registry `host:port` of a registry that has `torture-p:1`
 * @param note told of every call, when it is over
 * @param complain told of answers that should not be: a call of the load that fails by the daemon's fault
 * @returns how many calls were acknowledged
 */
export async function work({ client, model, random, workers, registry, signal, note, complain }) {
  const locks = openLocks();
  let acknowledged = 0;
  let gone = false;

  /**
   * One change of a slot. `after`: the state when it is acknowledged, of what the call gave; `between`: further possible ones
   * when it is cut off.
   */
  const attempt = async (slot, title, call, after, between = []) => {
    try {
      const answer = await call();
      slot.settle(after(answer));
      acknowledged++;
      note(`${title} ${slot.name}: done ${JSON.stringify(slot.known)}`);
    } catch (error) {
      note(`${title} ${slot.name}: ${error.status ?? "cut off"} ${error.message}`);
      if (error.status === undefined) {
        gone = true;
        slot.doubt(after(undefined), ...between);
        return;
      }
      // A stream that tells of a failure has the status 200. A refusal (4xx) changes nothing.
      if (error.status >= 500 || error.status === 200)
        complain(`${title} ${slot.name}: ${error.status} ${error.message}`);
    }
  };

  /** Works on one slot of a kind, and on others that are borrowed meanwhile. */
  const onOne = async (own, candidates, use) => {
    const slot = locks.take(own, candidates);
    if (slot === undefined) return wait(5);
    const others = [];
    const borrow = (from) => {
      const other = locks.take(
        own,
        from.filter(({ known }) => known?.exists),
      );
      if (other !== undefined) others.push(other);
      return other;
    };
    try {
      await use(slot, borrow);
    } finally {
      locks.release(slot, ...others);
    }
  };

  const create = async (own, slot, borrow) => {
    const policy = own.pick(["no", "no", "unless-stopped", "always", "on-failure"]);
    const fails = policy === "on-failure";
    const code = policy === "no" && own.chance(0.4) ? own.whole(1, 120) : undefined;
    const volume = own.chance(0.3) ? borrow(model.volumes) : undefined;
    const network = own.chance(0.4) ? borrow(model.networks) : undefined;
    const NetworkMode = network?.name ?? own.pick(["bridge", "bridge", "none", "host"]);
    const marker = String(own.whole(1, 1e9));
    const script = fails
      ? "sleep 0.5; exit 3"
      : code === undefined
        ? idle
        : `sleep ${own.whole(1, 15) / 10}; exit ${code}`;
    const body = {
      Image: baseImage,
      Cmd: ["sh", "-c", script],
      Labels: { [label]: marker },
      ...(volume === undefined && own.chance(0.2) && { Volumes: { "/anonymous": {} } }),
      HostConfig: {
        NetworkMode,
        RestartPolicy: { Name: policy, MaximumRetryCount: fails ? 2 : 0 },
        ...(own.chance(0.3) && { PortBindings: { "80/tcp": [{ HostPort: "" }] } }),
        ...(own.chance(0.2) && { IpcMode: "shareable" }),
        ...(own.chance(0.2) && { ReadonlyRootfs: true }),
        ...(volume !== undefined && { Binds: [`${volume.name}:/data`] }),
      },
    };
    const joinable = NetworkMode !== "none" && NetworkMode !== "host";
    const made = (answer) => ({
      exists: true,
      id: answer?.Id,
      name: slot.name,
      marker,
      status: "stopped",
      networks: [NetworkMode],
      memory: 0,
      plan: { policy, code, fails, started: false, joinable },
    });
    await attempt(slot, "create", () => client.containerCreate({ name: slot.name, body }), made);
    // As `run -d` does.
    if (own.chance(0.8) && slot.known?.exists) await change(own, slot, borrow, "start");
  };

  const change = async (own, slot, borrow, wanted) => {
    const now = slot.known;
    const { plan, name } = now;
    const id = own.chance(0.5) && now.id ? now.id : name;
    const brief = isBrief(plan);
    const unseen = { startedAt: undefined, pid: undefined };
    const running = (seen = {}) => ({
      ...now,
      ...unseen,
      ...seen,
      status: brief ? undefined : "running",
      plan: { ...plan, started: true },
      endsWith: plan.code,
    });
    // Who is ended by a call has another exit code.
    const stopped = { ...now, ...unseen, status: "stopped", endsWith: undefined };
    const seen = async () => {
      if (brief) return {};
      const { State } = await client.containerInspect({ id }).catch(() => ({ State: {} }));
      return State.Status === "running" ? { startedAt: State.StartedAt, pid: State.Pid } : {};
    };
    const attemptPlain = (title, call, after, between) => attempt(slot, title, call, after, between);
    const calls = {
      start: () => attemptPlain("start", () => client.containerStart({ id }).then(seen), running),
      restart: () =>
        attemptPlain("restart", () => client.containerRestart({ id, t: 0 }).then(seen), running, [stopped]),
      stop: () =>
        attemptPlain(
          "stop",
          () => client.containerStop({ id, t: own.pick([0, 1]) }),
          () => stopped,
        ),
      kill: () =>
        attemptPlain(
          "kill",
          () => client.containerKill({ id }),
          () => stopped,
        ),
      remove: () =>
        attemptPlain(
          "remove",
          () => client.containerRemove({ id, force: true, v: true }),
          () => absent,
          [stopped],
        ),
      pause: () =>
        attemptPlain(
          "pause",
          () => client.containerPause({ id }),
          () => ({ ...now, status: "paused" }),
        ),
      unpause: () =>
        attemptPlain(
          "unpause",
          () => client.containerUnpause({ id }),
          () => ({ ...now, status: "running" }),
        ),
      rename: () => {
        const next = name === slot.name ? `${slot.name}-renamed` : slot.name;
        return attemptPlain(
          "rename",
          () => client.containerRename({ id, name: next }),
          () => ({ ...now, name: next }),
        );
      },
      update: () => {
        const memory = own.whole(16, 64) * 1024 * 1024;
        const body = { Memory: memory, MemorySwap: -1 };
        return attemptPlain(
          "update",
          () => client.containerUpdate({ id, body }),
          () => ({ ...now, memory }),
        );
      },
      exec: () =>
        attemptPlain(
          "exec",
          () => execute(id, brief),
          () => now,
        ),
      logs: () =>
        attemptPlain(
          "logs",
          () => followFor(id, own.whole(0, 300)),
          () => now,
        ),
      commit: async () => {
        const image = locks.take(own, model.images);
        if (image === undefined) return;
        const call = () => client.containerCommit({ container: id, repo: image.name, tag: "1", body: {} });
        await attempt(image, "commit", call, () => ({ exists: true, name: `${image.name}:1` }));
        locks.release(image);
      },
      connect: async () => {
        const network = borrow(model.networks.filter((each) => !now.networks.includes(each.name)));
        if (network === undefined) return;
        const networks = [...now.networks, network.name].toSorted();
        const body = { Container: id, EndpointConfig: { Aliases: [`alias-${slot.name}`] } };
        await attemptPlain(
          "connect",
          () => client.networkConnect({ id: network.name, body }),
          () => ({ ...now, networks }),
        );
      },
      disconnect: async () => {
        const network = borrow(model.networks.filter((each) => now.networks.includes(each.name)));
        if (network === undefined || now.networks.length < 2) return;
        const networks = now.networks.filter((each) => each !== network.name);
        const body = { Container: id, Force: false };
        const call = () => client.networkDisconnect({ id: network.name, body });
        await attemptPlain("disconnect", call, () => ({ ...now, networks }));
      },
    };
    const always = ["remove", "rename", "update", "logs", "commit"];
    const joining = plan.joinable ? ["connect", "disconnect"] : [];
    const choices = {
      running: ["stop", "kill", "restart", "pause", "exec", "exec", ...joining, ...always],
      paused: ["unpause", "unpause", "unpause", "remove"],
      stopped: ["start", "start", "start", "start", ...joining, ...always],
    }[now.status] ?? ["stop", "restart", "exec", "logs", "remove"];
    await calls[wanted ?? own.pick(choices)]();
  };

  const execute = async (id, brief) => {
    const exec = await client.execCreate({ id, body: { Cmd: ["echo", "hello"], AttachStdout: true } });
    const connection = await client.execStart({ id: exec.Id, tty: false, body: { Detach: false, Tty: false } });
    let text = "";
    for await (const { data } of connection.frames) text += data.toString();
    // Cut off in the middle, the connection ends like any other.
    if (text !== "hello\n" && !brief && !signal.aborted) complain(`exec in ${id} printed ${JSON.stringify(text)}`);
  };

  /** `logs -f`, left after some milliseconds. */
  const followFor = async (id, milliseconds) => {
    const leave = new AbortController();
    const timer = setTimeout(() => leave.abort(), milliseconds);
    try {
      const args = { id, tty: false, stdout: true, stderr: true, follow: true };
      for await (const _ of await client.containerLogs(args, { signal: leave.signal }));
    } catch (error) {
      if (!leave.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
  };

  const onNetwork = async (own, slot) => {
    const marker = String(own.whole(1, 1e9));
    const body = { Name: slot.name, Labels: { [label]: marker }, Internal: own.chance(0.3) };
    const made = (answer) => ({ exists: true, id: answer?.Id, name: slot.name, marker });
    if (!slot.known.exists) return attempt(slot, "network create", () => client.networkCreate({ body }), made);
    // The engine would let it go where only stopped containers are in it; they could not be started then.
    const isUsed = model.containers.some(({ states }) => states.some(({ networks }) => networks?.includes(slot.name)));
    if (isUsed || own.chance(0.5)) return undefined;
    return attempt(
      slot,
      "network rm",
      () => client.networkRemove({ id: slot.name }),
      () => absent,
    );
  };

  const onVolume = (own, slot) => {
    const marker = String(own.whole(1, 1e9));
    const body = { Name: slot.name, Labels: { [label]: marker } };
    const made = () => ({ exists: true, name: slot.name, marker });
    if (!slot.known.exists) return attempt(slot, "volume create", () => client.volumeCreate({ body }), made);
    return attempt(
      slot,
      "volume rm",
      () => client.volumeRemove({ name: slot.name }),
      () => absent,
    );
  };

  const onImage = (own, slot) => {
    const name = `${slot.name}:1`;
    const number = own.whole(1, 1000);
    const text = [`FROM ${baseImage}`, `RUN echo ${number} > /number`, "COPY note /note", `LABEL number=${number}`];
    const note = file("/note", `${number}`, 0o644);
    const context = () => packFiles([file("Dockerfile", text.join("\n"), 0o644), file("note", `${number}`, 0o644)]);
    const layer = () => packFiles([file("/bin/busybox", readFileSync("/bin/busybox")), note]);
    const image = () => ({ exists: true, name });
    const calls = {
      build: () => client.imageBuild({ stream: context(), t: [name], rm: true, nocache: own.chance(0.3) }).then(drain),
      import: () => client.imageImport({ fromSrc: "-", repo: slot.name, tag: "1", stream: layer() }).then(drain),
      pull: () => client.imagePull({ fromImage: slot.name, tag: "1" }).then(drain),
      tag: () => client.imageTag({ name: baseImage, repo: slot.name, tag: "1" }),
      remove: () => client.imageRemove({ name }),
    };
    const isPulled = slot.name.startsWith(registry);
    const making = isPulled ? ["pull"] : ["build", "build", "import", "tag"];
    const choice = own.pick(slot.known.exists ? ["remove", "remove", making[0]] : making);
    return attempt(slot, choice, calls[choice], choice === "remove" ? () => absent : image);
  };

  const turn = async (own) => {
    const kind = own.whole(1, 100);
    if (kind <= 76) {
      await onOne(own, model.containers, (slot, borrow) =>
        slot.known.exists ? change(own, slot, borrow) : create(own, slot, borrow),
      );
    } else if (kind <= 84) await onOne(own, model.networks, (slot) => onNetwork(own, slot));
    else if (kind <= 90) await onOne(own, model.volumes, (slot) => onVolume(own, slot));
    else await onOne(own, model.images, (slot) => onImage(own, slot));
  };

  await Promise.all(
    Array.from({ length: workers }, async () => {
      const own = random.fork();
      while (!gone && !signal.aborted) await turn(own);
    }),
  );
  return acknowledged;
}
