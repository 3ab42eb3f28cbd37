/**
 * The invariants, each by its number in the plan: what the engine says, what its records say and what the kernel holds is
 * the same, and nothing else is there.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { load } from "./arena.mjs";
import {
  groupsOf,
  leftovers,
  linksOf,
  listening,
  listTable,
  monitorsOf,
  mountsBelow,
  processes,
  weigh,
} from "./kernel.mjs";

const { ownerOf, bridgeLink, hostLink } = await load("network/link-names.ts");
const { ruleset, tableName } = await load("network/ruleset.ts");
const { bridgeOf } = await load("engine/networks/record.ts");
const { publishedOf } = await load("engine/networks/ports.ts");

const isId = /^[0-9a-f]{64}$/;
const list = (folder) => (existsSync(folder) ? readdirSync(folder).toSorted() : []);

/** A comparison of what is with what should be: each difference is told. */
function compare(tell, what, actual, wanted) {
  const [is, should] = [new Set(actual), new Set(wanted)];
  for (const one of is) if (!should.has(one)) tell(`${what}: ${one} belongs to nobody`);
  for (const one of should) if (!is.has(one)) tell(`${what}: ${one} is missing`);
}

/**
 * @param picture as `observe` gives it
 * @param known IDs of all containers that there ever were: to tell their control groups from those of other engines
 * @returns `[number, text]` of each violation
 */
export function violations(arena, picture, known) {
  const found = [];
  const records = readRecords(arena, (text) => found.push(["I-02", text]));
  for (const [number, check] of checks) {
    try {
      check({ arena, picture, records, known, tell: (text) => found.push([number, text]) });
    } catch (error) {
      found.push([number, `cannot be checked: ${error.message}`]);
    }
  }
  return found;
}

/** All records below the data root, by their kind; broken ones are told. */
function readRecords({ dataRoot }, tell) {
  const read = (folder) =>
    list(path.join(dataRoot, folder)).flatMap((name) => {
      if (name === "damaged")
        tell(`${folder}: a record was set aside as damaged: ${list(path.join(dataRoot, folder, name))}`);
      if (!name.endsWith(".json") || name.startsWith(".")) return [];
      const [json = "", sum] = readFileSync(path.join(dataRoot, folder, name), "utf8").split("\n");
      if (sum !== `sha256:${createHash("sha256").update(json).digest("hex")}`)
        tell(`${folder}/${name}: wrong checksum`);
      return [{ key: name.slice(0, -5), ...JSON.parse(json) }];
    });
  return {
    containers: read("containers"),
    networks: read("networks"),
    volumes: read("volumes"),
    images: read("images/records"),
    references: read("images/references"),
    layers: read("images/layers"),
  };
}

const isUp = ({ State }) => State.Running || State.Paused;
const hasNamespace = ({ HostConfig }) => HostConfig.NetworkMode !== "host" && HostConfig.NetworkMode !== "none";

const checks = [
  ["I-02", filesAndRecords],
  ["I-03", references],
  ["I-04", states],
  ["I-10", runningProcesses],
  ["I-11", otherProcesses],
  ["I-14", mounts],
  ["I-15", namespaces],
  ["I-16", links],
  ["I-17", firewall],
  ["I-18", addresses],
  ["I-19", ports],
  ["I-20", controlGroups],
  ["I-23", weight],
];

function filesAndRecords({ arena: { dataRoot, execRoot }, picture, records, tell }) {
  const ids = picture.containers.map(({ Id }) => Id);
  compare(
    tell,
    "container records",
    records.containers.map(({ id }) => id),
    ids,
  );
  compare(
    tell,
    "folders of containers",
    list(path.join(dataRoot, "containers")).filter((name) => isId.test(name)),
    ids,
  );
  compare(
    tell,
    "network records",
    records.networks.map(({ id }) => id),
    picture.networks.map(({ Id }) => Id),
  );
  const volumes = picture.volumes.map(({ Name }) => Name);
  compare(
    tell,
    "volume records",
    records.volumes.map(({ name }) => name),
    volumes,
  );
  // Beside the records stands what is kept back for a full disk.
  const isRecord = (name) => name.endsWith(".json") || name === ".reserve";
  const folders = list(path.join(dataRoot, "volumes")).filter((name) => !isRecord(name));
  compare(tell, "folders of volumes", folders, volumes);
  for (const { id, phase } of records.containers) if (phase !== "ready") tell(`container ${id} is ${phase}`);
  const layers = records.layers.map(({ key }) => key.slice(0, 32));
  compare(tell, "folders of layers", list(path.join(dataRoot, "layers")), layers);
  for (const file of [...leftovers(dataRoot), ...leftovers(execRoot)]) tell(`left from an interrupted write: ${file}`);
  for (const name of list(path.join(dataRoot, "builds/running"))) tell(`left from a build: ${name}`);
  const running = picture.containers.filter(isUp).map(({ Id }) => Id);
  compare(tell, "bundles", list(path.join(execRoot, "containers")), running);
  compare(tell, "exit files", list(path.join(execRoot, "exits")), []);
}

function references({ picture, records, tell }) {
  const names = picture.containers.map(({ Name }) => Name);
  if (new Set(names).size < names.length) tell(`two containers have one name: ${names}`);
  const volumes = new Set(picture.volumes.map(({ Name }) => Name));
  for (const { Name, Mounts } of picture.containers) {
    for (const mount of Mounts) {
      if (mount.Type === "volume" && !volumes.has(mount.Name))
        tell(`${Name} uses the volume ${mount.Name}, which is gone`);
    }
  }
  const used = new Set(picture.containers.flatMap(({ Mounts }) => Mounts.map((mount) => mount.Name)));
  for (const { Name } of picture.volumes) {
    if (isId.test(Name) && !used.has(Name)) tell(`the anonymous volume ${Name} belongs to nobody`);
  }
  const networks = new Set(picture.networks.map(({ Name }) => Name));
  for (const { Name, NetworkSettings } of picture.containers) {
    for (const network of Object.keys(NetworkSettings.Networks)) {
      if (!networks.has(network)) tell(`${Name} is in the network ${network}, which is gone`);
    }
  }
  const images = new Set(records.images.map(({ key }) => key));
  for (const { Name, Image } of picture.containers) {
    if (!images.has(Image.replace("sha256:", ""))) tell(`${Name} has the image ${Image}, which is gone`);
  }
}

function states({ picture, tell }) {
  for (const { Name, State } of picture.containers) {
    if (State.Status === "dead" || State.Status === "removing") tell(`${Name} is ${State.Status}`);
    if (State.Status !== "exited") continue;
    if (!(State.ExitCode >= 0 && State.ExitCode <= 255)) tell(`${Name} has the exit code ${State.ExitCode}`);
    if (State.Error === "" && !(Date.parse(State.FinishedAt) >= Date.parse(State.StartedAt))) {
      tell(`${Name} ended at ${State.FinishedAt}, before it started at ${State.StartedAt}`);
    }
  }
}

/** The first processes of containers: those that say their arguments are in the namespace of a container. */
function runningProcesses({ arena, picture, tell }) {
  const up = picture.containers.filter(isUp);
  const all = new Map(processes().map((process) => [process.pid, process]));
  for (const { Name, State } of up) {
    const process = all.get(State.Pid);
    if (process === undefined || process.state === "Z")
      tell(`${Name} is ${State.Status} without its process ${State.Pid}`);
  }
  const monitors = monitorsOf(arena);
  compare(
    tell,
    "monitors",
    monitors.map(({ id }) => id),
    up.map(({ Id }) => Id),
  );
  if (new Set(monitors.map(({ id }) => id)).size < monitors.length) tell("a container has two monitors");
  const held = new Map(monitors.map(({ pid, id }) => [pid, id]));
  const first = new Set(up.map(({ State }) => State.Pid));
  for (const { pid, parent, args, state } of all.values()) {
    if (!held.has(parent) || first.has(pid)) continue;
    tell(`the monitor of ${held.get(parent)} has a child besides the container: ${pid} ${state} ${args.join(" ")}`);
  }
}

/** What the daemon runs for long, by the name of the program. */
const servants = ["nft", "perl", "flock"];

function otherProcesses({ arena, tell }) {
  const all = processes();
  for (const { pid, parent, args, state } of all) {
    const name = path.basename(args[0] ?? "");
    if (parent === arena.pid) {
      if (state === "Z") tell(`the daemon has not waited for its child ${pid}`);
      else if (!servants.includes(name)) tell(`the daemon has a child that does not end: ${pid} ${args.join(" ")}`);
      continue;
    }
    const isOurs = pid !== arena.pid && args.some((arg) => arg.includes(arena.folder));
    const isMonitor = name === "conmon";
    const isSwitchboard = args.some((arg) => arg.endsWith("network.cjs"));
    if (isOurs && !isMonitor && !isSwitchboard) tell(`a process is left: ${pid} ${args.join(" ")}`);
  }
  const switchboards = all.filter(({ args }) => args.includes(path.join(arena.execRoot, "network")));
  if (switchboards.length > 1) tell(`there are ${switchboards.length} switchboards`);
}

function mounts({ arena: { folder, execRoot }, picture, tell }) {
  const up = picture.containers.filter(isUp);
  const wanted = [
    execRoot,
    path.join(execRoot, "runtime/view"),
    ...up.map(({ Id }) => path.join(execRoot, "containers", Id, "rootfs")),
    ...up
      .filter(({ HostConfig }) => HostConfig.IpcMode === "shareable")
      .map(({ Id }) => path.join(execRoot, "containers", Id, "shm")),
    ...up.filter(hasNamespace).map(({ Id }) => path.join(execRoot, "netns", Id)),
  ];
  const actual = mountsBelow(folder);
  for (const { target, deleted } of actual) if (deleted) tell(`${target} was deleted beneath its mount`);
  // The view is one mount for each thing that is hidden in it; it is as the runtime needs it.
  const targets = actual.map(({ target }) => target).filter((target) => !target.startsWith(`${execRoot}/runtime/`));
  compare(
    tell,
    "mounts",
    targets,
    wanted.filter((target) => !target.startsWith(`${execRoot}/runtime/`)),
  );
  if (new Set(targets).size < targets.length) tell(`something is mounted twice: ${targets}`);
}

function namespaces({ arena: { execRoot }, picture, tell }) {
  const wanted = picture.containers.filter((each) => isUp(each) && hasNamespace(each)).map(({ Id }) => Id);
  compare(tell, "network namespaces", list(path.join(execRoot, "netns")), wanted);
}

function links({ arena: { dataRoot }, picture, tell }) {
  const { group } = ownerOf(dataRoot);
  const bridges = picture.networks.filter(({ Driver }) => Driver === "bridge");
  const linkOf = new Map(bridges.map(({ Name, Id }) => [Name, bridgeLink(Id)]));
  const ends = picture.containers
    .filter((each) => isUp(each) && hasNamespace(each))
    .flatMap(({ NetworkSettings }) =>
      Object.entries(NetworkSettings.Networks).map(([network, { EndpointID }]) => [
        hostLink(EndpointID),
        linkOf.get(network),
      ]),
    );
  const actual = [...linksOf(group), ...linksOf(group + 1)];
  compare(
    tell,
    "links",
    actual.map(({ name }) => name),
    [...linkOf.values(), ...ends.map(([name]) => name)],
  );
  for (const [name, bridge] of ends) {
    const link = actual.find((each) => each.name === name);
    if (link !== undefined && link.master !== bridge) tell(`${name} is in ${link.master} instead of ${bridge}`);
    if (link !== undefined && link.state !== "UP") tell(`${name} is ${link.state}`);
  }
}

function firewall({ arena: { dataRoot, execRoot }, records, tell }) {
  const owner = ownerOf(dataRoot);
  const { resolvers } = JSON.parse(readFileSync(path.join(execRoot, "network/switchboard.json"), "utf8"));
  const network = (id) => records.networks.find((each) => each.id === id);
  const text = ruleset({
    owner,
    bridges: records.networks.filter(({ driver }) => driver === "bridge").map(bridgeOf),
    published: records.containers.flatMap(({ state }) =>
      state.run?.sandbox === undefined ? [] : publishedOf(state.run.sandbox, network),
    ),
    resolvers: new Map(resolvers.map(({ network: id, port }) => [id, port])),
  });
  const name = tableName(owner);
  const normal = (table) => table.replace(/,\s+/g, ", ").split("\n").map(sortElements).join("\n");
  const [is, should] = [normal(listTable(name)), normal(listTable(name, text))];
  if (is === should) return;
  const [actual, wanted] = [is.split("\n"), should.split("\n")];
  compare(tell, "the firewall's table", actual, wanted);
}

/** The kernel lists a set's elements in an order of its own. */
function sortElements(line) {
  const [, before, inner] = /^(\s*elements = \{ )(.*) \}$/.exec(line) ?? [];
  return inner === undefined ? line : `${before}${inner.split(", ").toSorted().join(", ")} }`;
}

function addresses({ picture, tell }) {
  const owners = new Map();
  for (const container of picture.containers.filter((each) => isUp(each) && hasNamespace(each))) {
    const { Name, State, NetworkSettings } = container;
    const wanted = Object.values(NetworkSettings.Networks).map(
      ({ IPAddress, IPPrefixLen }) => `${IPAddress}/${IPPrefixLen}`,
    );
    for (const address of wanted) {
      if (owners.has(address)) tell(`${Name} and ${owners.get(address)} have the address ${address}`);
      owners.set(address, Name);
    }
    const text = execFileSync("nsenter", [`--net=/proc/${State.Pid}/ns/net`, "ip", "-json", "-4", "address"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const actual = JSON.parse(text)
      .filter(({ ifname }) => ifname !== "lo")
      .flatMap(({ addr_info: infos }) => infos.map(({ local, prefixlen }) => `${local}/${prefixlen}`));
    compare(tell, `addresses of ${Name}`, actual, wanted);
  }
}

function ports({ arena: { execRoot }, picture, tell }) {
  const switchboard = processes().find(({ args }) => args.includes(path.join(execRoot, "network")));
  const { resolvers } = JSON.parse(readFileSync(path.join(execRoot, "network/switchboard.json"), "utf8"));
  const published = picture.containers
    .filter(isUp)
    .flatMap(({ NetworkSettings }) => Object.values(NetworkSettings.Ports ?? {}).flatMap((bindings) => bindings ?? []));
  const wanted = [...resolvers.map(({ port }) => port), ...published.map(({ HostPort }) => Number(HostPort))];
  if (switchboard === undefined) tell("there is no switchboard");
  else compare(tell, "ports that the switchboard listens on", listening(switchboard.pid), wanted);
}

function controlGroups({ picture, known, tell }) {
  const { found, frozen } = groupsOf("gantry");
  const up = new Set(picture.containers.filter(isUp).map(({ Id }) => Id));
  compare(
    tell,
    "control groups",
    [...found].filter((id) => known.has(id)),
    up,
  );
  const paused = picture.containers.filter(({ State }) => State.Paused).map(({ Id }) => Id);
  compare(
    tell,
    "frozen control groups",
    [...frozen].filter((id) => known.has(id)),
    paused,
  );
}

function weight({ arena, picture, tell }) {
  const { descriptors, threads, memory } = weigh(arena.pid);
  const count = picture.containers.length;
  if (descriptors > 64 + 4 * count) tell(`the daemon has ${descriptors} descriptors open`);
  if (threads > 32) tell(`the daemon has ${threads} threads`);
  if (memory > 180 + 0.3 * count) tell(`the daemon takes ${memory.toFixed(0)} MiB`);
}
