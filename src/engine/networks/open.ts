/** Opens the networks' room of the daemon: the networks of the API, and the sandboxes that containers get. */

import { createHash, randomInt } from "node:crypto";
import path from "node:path";
import { keepFirewall } from "../../network/firewall.ts";
import { keepForwardPermission, permissionChain } from "../../network/forward-permission.ts";
import { hostSubnets } from "../../network/host.ts";
import {
  attach,
  makeBridges,
  makeStations,
  ownLinks,
  pinnedIn,
  removeLinks,
  replug,
  unpin,
} from "../../network/kernel.ts";
import { hostLink, ownerOf } from "../../network/link-names.ts";
import { openSwitchboardClient } from "../../network/switchboard-client.ts";
import { nothingToDo } from "../../network/switchboard-state.ts";
import { type RulesetWatch, watchRuleset } from "../../network/watch-ruleset.ts";
import { makeFolder, sweepTemporary, writeFileDurably } from "../daemon/durable.ts";
import type { Ground } from "../daemon/ground.ts";
import type { Sandbox, Sandboxes } from "../daemon/rooms.ts";
import { type NetworkApi, networkApi } from "./api.ts";
import { applyFirewall, carryOut, type Task } from "./carry-out.ts";
import { conveyor } from "./conveyor.ts";
import type { Floor } from "./floor.ts";
import { type Job, namespaceFolder, planOn } from "./jobs.ts";
import { readPorts } from "./ports.ts";
import { bridgeOf, linkOf } from "./record.ts";
import { ensurePredefined, openNetworkRecords } from "./registry.ts";
import { checkEndpoint } from "./sandbox-plan.ts";
import { stationOf } from "./station.ts";
import { syncSwitchboard } from "./sync-switchboard.ts";

export interface NetworkRoom {
  readonly api: NetworkApi;
  readonly sandboxes: Sandboxes;
  /** The daemon leaves. Containers keep their network; the switchboard stays as long as there are any. */
  shutDown(): Promise<void>;
}

export async function openNetworks(ground: Ground): Promise<NetworkRoom> {
  const records = await openNetworkRecords(ground);
  const owner = ownerOf(ground.dataRoot);
  const folder = path.join(ground.execRoot, "network");
  await makeFolder(folder);
  await sweepTemporary(folder);
  const floor: Floor = {
    ground,
    owner,
    records,
    sandboxes: new Map(),
    firewall: keepFirewall(owner),
    permission: keepForwardPermission(owner),
    permitted: undefined,
    switchboard: openSwitchboardClient({
      folder,
      write: (file, content) => writeFileDurably(file, content, { sync: false }),
      lost: () => void refresh(),
    }),
    resolvers: new Map(),
    nextPort: randomInt(0x6000),
  };
  const belt = conveyor<Task>((tasks) => carryOut(floor, tasks));
  const submit = (job: Job) =>
    new Promise<void>((resolve, reject) => {
      belt.put({ job, resolve, reject }).catch(reject);
    });
  const restored = Promise.withResolvers<void>();
  const refresh = () =>
    restored.promise
      .then(() => submit({ kind: "refresh" }))
      .catch((error: unknown) => {
        ground.log("error", "the network could not be brought up to date", { error: String(error) });
      });
  let watch: RulesetWatch | undefined;
  const surroundings = async () => ({
    networks: [...records.all.values()],
    hostSubnets: await hostSubnets(new Set([...records.all.values()].map(linkOf))),
    seed: createHash("sha256").update(ground.dataRoot).digest("hex").slice(0, 10),
  });
  await ensurePredefined(records, surroundings);
  return {
    api: networkApi({ floor, submit, surroundings }),
    sandboxes: {
      ...sandboxesOn(floor, submit),
      restore: async (sandboxes) => {
        // Before the first change of ours: what others do meanwhile is put right when all is there.
        watch ??= watchFirewalls(floor, refresh);
        await restore(floor, sandboxes);
        restored.resolve();
      },
    },
    shutDown: async () => {
      watch?.close();
      if (floor.sandboxes.size === 0) await leaveHost(floor);
      floor.switchboard.disconnect();
    },
  };
}

/** Nobody needs the network: the host is left as it was found. The next start makes the bridges of the records again. */
async function leaveHost({ owner, firewall, permission, switchboard }: Floor): Promise<void> {
  await removeLinks([...(await ownLinks(owner))], owner);
  await Promise.all([
    permission.clear(),
    firewall.clear(),
    switchboard.used ? switchboard.apply(nothingToDo) : undefined,
  ]);
}

/** What others do to the firewall is put right at once. */
function watchFirewalls(floor: Floor, refresh: () => Promise<void>): RulesetWatch {
  const { firewall, ground, owner } = floor;
  const chains = new RegExp(`DOCKER-USER|FORWARD \\{|${permissionChain(owner)}|(delete|flush) table ip6? filter`);
  return watchRuleset({
    change: async (change) => {
      const foreign = await firewall.isForeign(change);
      const beside = change.lines.some((line) => chains.test(line));
      if (foreign) {
        ground.log("warn", "somebody changed the firewall's table of this engine; it is made again", {
          pid: change.pid,
        });
        firewall.forget();
      }
      if (beside) floor.permitted = undefined;
      if (foreign || beside) await refresh();
    },
    lost: () => {
      firewall.forget();
      floor.permitted = undefined;
      void refresh();
    },
    blind: (reason) => ground.log("error", "changes of the firewall by others are not noticed any more", { reason }),
  });
}

function sandboxesOn(floor: Floor, submit: (job: Job) => Promise<void>): Omit<Sandboxes, "restore"> {
  const { events } = floor.ground;
  const now = (id: string) => {
    const sandbox = floor.sandboxes.get(id);
    if (sandbox === undefined) throw new Error(`the sandbox of ${id} has gone meanwhile`);
    return sandbox;
  };
  const tell = (action: "connect" | "disconnect", container: string, network: string | undefined) => {
    const record = floor.records.get(network ?? "");
    if (record === undefined) return;
    events.publish("network", action, record.id, { container, name: record.name, type: record.driver });
  };
  const tellAll = (action: "connect" | "disconnect", { id, endpoints }: Sandbox) => {
    for (const { NetworkID } of Object.values(endpoints)) tell(action, id, NetworkID);
  };

  return {
    identify: (network) => {
      const { id, name } = planOn(floor).networkOf(network);
      return { id, name };
    },
    check: ({ endpoints, ports }) => {
      readPorts(ports, undefined);
      for (const [name, settings] of endpoints) checkEndpoint(planOn(floor).networkOf(name), settings);
    },
    open: async (request) => {
      await submit({ kind: "open", request });
      const sandbox = now(request.id);
      tellAll("connect", sandbox);
      return sandbox;
    },
    close: async (id) => {
      const sandbox = floor.sandboxes.get(id);
      // One of a step that a killed daemon was at: `restore` takes away what is left of it. Before that nothing is to be
      // applied, for what runs on is not in the model yet.
      if (sandbox === undefined) return;
      await submit({ kind: "close", id });
      tellAll("disconnect", sandbox);
    },
    join: async (id, network, endpoint) => {
      await submit({ kind: "join", id, network, endpoint });
      const sandbox = now(id);
      tell("connect", id, sandbox.endpoints[network]?.NetworkID);
      return sandbox;
    },
    leave: async (id, network) => {
      const left = floor.sandboxes.get(id)?.endpoints[network]?.NetworkID;
      await submit({ kind: "leave", id, network });
      tell("disconnect", id, left);
      return now(id);
    },
    rename: async (id, name) => {
      await submit({ kind: "rename", id, name });
      return now(id);
    },
  };
}

/** Actual minus wanted goes, wanted minus actual is made. */
async function restore(floor: Floor, sandboxes: readonly Sandbox[]): Promise<void> {
  const { owner, records, ground } = floor;
  for (const sandbox of sandboxes) floor.sandboxes.set(sandbox.id, sandbox);
  const bridges = [...records.all.values()].filter(({ driver }) => driver === "bridge").map(bridgeOf);
  const stations = sandboxes.map((sandbox) => stationOf(sandbox, (id) => records.get(id)));
  const [ours, pinned] = await Promise.all([ownLinks(owner), pinnedIn(namespaceFolder(ground.execRoot))]);
  const wantedLinks = new Set([
    ...bridges.map(({ link }) => link),
    ...stations.flatMap(({ attachments }) => attachments.map(({ id }) => hostLink(id))),
  ]);
  const wantedPins = new Set(stations.map(({ netns }) => netns));
  await removeLinks(
    [...ours].filter((link) => !wantedLinks.has(link)),
    owner,
  );
  await unpin(pinned.filter((file) => !wantedPins.has(file)));
  await floor.switchboard.adopt();
  await makeBridges(bridges, owner);
  const kept = stations.filter(({ netns }) => pinned.includes(netns));
  await replug(kept.flatMap(({ attachments }) => attachments));
  // Taken away by a disconnection that was cut off: the container is in the network still.
  const lost = kept.flatMap((station) =>
    station.attachments.filter(({ id }) => !ours.has(hostLink(id))).map((attachment) => ({ station, attachment })),
  );
  for (const { station, attachment } of lost) {
    await attach(station, attachment, owner).catch((error: unknown) => {
      ground.log("error", "a container cannot be put back into a network", {
        container: station.id,
        error: String(error),
      });
    });
  }
  await syncSwitchboard(floor);
  await applyFirewall(floor);
  await makeStations(
    stations.filter(({ netns }) => !pinned.includes(netns)),
    owner,
  );
}
