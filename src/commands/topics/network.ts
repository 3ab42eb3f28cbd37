import type { NetworkResource } from "../../engine/api.ts";
import { UsageError } from "../../errors.ts";
import { askYes } from "../ask.ts";
import { printRows } from "../print-rows.ts";
import { Flags, several } from "../verb.ts";
import { done, eachVerb, engineVerb, filterFlag, inspectVerb, readFilters, readPairs } from "./engine-verb.ts";
import { formatFlag, quietFlag } from "./list-flags.ts";
import { prunedNetworks, showPruned, untouched } from "./pruned.ts";

type NetworkLine = Readonly<Record<"ID" | "Name" | "Driver" | "Scope", string>>;

/** `docker network ls`. */
export const ls = engineVerb({
  summary: "List networks",
  flags: {
    filter: filterFlag,
    format: formatFlag,
    "no-trunc": Flags.boolean({ description: "ids in full" }),
    quiet: quietFlag("ids"),
  },
  run: async ({ engine, flags }) => {
    const list = await engine.networkList({ filters: readFilters(flags.filter) });
    const rows = list
      .toSorted((a, b) => (a.Name < b.Name ? -1 : 1))
      .map(({ Id, Name, Driver, Scope = "local" }: NetworkResource): NetworkLine => {
        return { ID: flags["no-trunc"] ? Id : Id.slice(0, 12), Name, Driver, Scope };
      });
    printRows(rows, flags, ({ ID }) => ID, { columns, fields: ["ID", "Name", "Driver", "Scope"] });
    return { data: { networks: rows } };
  },
});

const columns = [
  { heading: "NETWORK ID", cell: ({ ID }: NetworkLine) => ID },
  { heading: "NAME", cell: ({ Name }: NetworkLine) => Name },
  { heading: "DRIVER", cell: ({ Driver }: NetworkLine) => Driver },
  { heading: "SCOPE", cell: ({ Scope }: NetworkLine) => Scope },
];

export const inspect = inspectVerb("networks", (engine, id) => engine.networkInspect({ id }));

export const create = engineVerb({
  summary: "Make a network",
  words: "name",
  flags: {
    attachable: Flags.boolean({ description: "containers may be attached by hand" }),
    driver: Flags.string({ char: "d", default: "bridge", helpValue: "<name>", description: "its driver; bridge" }),
    gateway: Flags.string({ helpValue: "<address>", description: "the gateway of the subnet" }),
    internal: Flags.boolean({ description: "no way out of it" }),
    "ip-range": Flags.string({ helpValue: "<cidr>", description: "containers get addresses of this part" }),
    ipv6: Flags.boolean({ description: "IPv6 too" }),
    label: Flags.string({ ...several, helpValue: "<name=value>", description: "add a label" }),
    opt: Flags.string({ ...several, char: "o", helpValue: "<name=value>", description: "an option of the driver" }),
    subnet: Flags.string({ helpValue: "<cidr>", description: "its addresses" }),
  },
  run: async ({ engine, words: [name = "", ...rest], flags }) => {
    if (rest.length > 0) throw new UsageError("create takes one name");
    const config = {
      ...(flags.subnet !== undefined && { Subnet: flags.subnet }),
      ...(flags.gateway !== undefined && { Gateway: flags.gateway }),
      ...(flags["ip-range"] !== undefined && { IPRange: flags["ip-range"] }),
    };
    const { Id, Warning } = await engine.networkCreate({
      body: {
        Name: name,
        CheckDuplicate: true,
        Driver: flags.driver,
        Internal: flags.internal === true,
        Attachable: flags.attachable === true,
        EnableIPv6: flags.ipv6 === true,
        Options: readPairs(flags.opt),
        Labels: readPairs(flags.label),
        ...(Object.keys(config).length > 0 && { IPAM: { Driver: "default", Config: [config] } }),
      },
    });
    if (Warning) process.stderr.write(`${Warning}\n`);
    if (!flags.json) process.stdout.write(`${Id}\n`);
    return { data: { changes: [done("create-network", name, Id)] } };
  },
});

export const rm = eachVerb({
  summary: "Remove networks",
  action: "remove-network",
  words: "networks",
  act: ({ engine }, id) => engine.networkRemove({ id }),
});

/** `docker network connect`. */
export const connect = engineVerb({
  summary: "Put a container on a network",
  words: "network",
  flags: {
    alias: Flags.string({ ...several, helpValue: "<name>", description: "a further name in the network" }),
    ip: Flags.string({ helpValue: "<address>", description: "its IPv4 address" }),
    ip6: Flags.string({ helpValue: "<address>", description: "its IPv6 address" }),
    link: Flags.string({ ...several, helpValue: "<container>", description: "know another by name: NAME[:ALIAS]" }),
  },
  run: async ({ engine, words, flags }) => {
    const [id, container] = twoOf(words, "connect");
    const addresses = {
      ...(flags.ip !== undefined && { IPv4Address: flags.ip }),
      ...(flags.ip6 !== undefined && { IPv6Address: flags.ip6 }),
    };
    const endpoint = {
      ...(flags.alias !== undefined && { Aliases: flags.alias }),
      ...(flags.link !== undefined && { Links: flags.link }),
      ...(Object.keys(addresses).length > 0 && { IPAMConfig: addresses }),
    };
    await engine.networkConnect({ id, body: { Container: container, EndpointConfig: endpoint } });
    return { data: { changes: [{ ...done("connect-network", id), container }] } };
  },
});

/** `docker network disconnect`. */
export const disconnect = engineVerb({
  summary: "Take a container off a network",
  words: "network",
  flags: { force: Flags.boolean({ char: "f", description: "also where the container is gone" }) },
  run: async ({ engine, words, flags }) => {
    const [id, container] = twoOf(words, "disconnect");
    await engine.networkDisconnect({ id, body: { Container: container, Force: flags.force === true } });
    return { data: { changes: [{ ...done("disconnect-network", id), container }] } };
  },
});

function twoOf([network, container, ...rest]: readonly string[], verb: string): [string, string] {
  if (network === undefined || container === undefined || rest.length > 0) {
    throw new UsageError(`${verb} takes a network and a container`);
  }
  return [network, container];
}

export const prune = engineVerb({
  summary: "Remove networks that no container uses",
  flags: { filter: filterFlag, force: Flags.boolean({ char: "f", description: "do not ask" }) },
  run: async ({ engine, flags }) => {
    if (!flags.force && !(await askYes("This removes all networks without a container. Are you sure?")))
      return untouched;
    const pruned = await engine.networkPrune({ filters: readFilters(flags.filter) });
    return showPruned(prunedNetworks(pruned), undefined, flags);
  },
});
