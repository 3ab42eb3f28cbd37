import { describe } from "vitest";
import { type Address, parseAddress, parseSubnet } from "../../src/network/address.ts";
import { ownerOf } from "../../src/network/link-names.ts";
import { bridgeLines, insideLines, portLines } from "../../src/network/links.ts";
import type { Bridge, Station } from "../../src/network/model.ts";
import { type Published, ruleset } from "../../src/network/ruleset.ts";
import { goldenCases } from "../reconcile/golden.ts";

/** A line of a case: `link=gt-one subnets=10.1.0.0/24,10.1.0.1;fd01::/64,fd01::1 internal resolver=5353`. */
const readLine = (line: string) => new Map(line.split(" ").map((part) => part.split("=")) as [string, string][]);

const lines = (text = "") => text.split("\n").filter((line) => line !== "");

function address(text = ""): Address {
  const read = parseAddress(text);
  if (read === undefined) throw new Error(`not an address: ${text}`);
  return read;
}

/** An ID for the network of a link. */
const networkOf = (link: string) => Buffer.from(link).toString("hex").padEnd(64, "0");

function readBridge(line: string): Bridge {
  const words = readLine(line);
  const mtu = words.get("mtu");
  return {
    network: networkOf(words.get("link") ?? ""),
    link: words.get("link") ?? "",
    ...(mtu !== undefined && { mtu: Number(mtu) }),
    subnets: (words.get("subnets") ?? "").split(";").flatMap((pair) => {
      const [subnet = "", gateway] = pair.split(",");
      const read = parseSubnet(subnet);
      return read === undefined ? [] : [{ subnet: read, gateway: address(gateway) }];
    }),
    internal: words.has("internal"),
    isolated: words.has("isolated"),
    masquerade: !words.has("routed"),
    ...(words.has("source") && { source4: address(words.get("source")) }),
    names: words.has("resolver"),
  };
}

/** `tcp 0.0.0.0 8080 10.1.0.2 80`. */
function readPort(line: string): Published {
  const [protocol, host, hostPort, target, targetPort] = line.split(" ");
  return {
    protocol: protocol as Published["protocol"],
    host: address(host),
    hostPort: Number(hostPort),
    target: address(target),
    targetPort: Number(targetPort),
  };
}

/** `gt-one 10.1.0.2 fd01::2`, one line for each endpoint. */
function readStation(text: string, bridges: readonly Bridge[]): Station {
  const attachments = lines(text).map((line, index) => {
    const [link, ...addresses] = line.split(" ");
    const bridge = bridges.find((one) => one.link === link);
    if (bridge === undefined) throw new Error(`no bridge ${link}`);
    const id = String(index).repeat(64);
    const mac = `02:42:00:00:00:0${index}`;
    return {
      id,
      bridge,
      inside: `eth${index}`,
      mac,
      addresses: addresses.map(address),
      priority: 0,
      sysctls: new Map(),
    };
  });
  return { id: "c", netns: "/run/c", attachments, sysctls: new Map() };
}

describe("what the kernel is told", () => {
  goldenCases(new URL("firewalls/", import.meta.url), ["nft", "bridges", "inside", "host"], (given) => {
    const owner = ownerOf("/var/lib/gantry");
    const bridges = lines(given.get("networks")).map(readBridge);
    const resolvers = lines(given.get("networks")).flatMap((line) => {
      const words = readLine(line);
      return words.get("resolver") === undefined
        ? []
        : [[networkOf(words.get("link") ?? ""), Number(words.get("resolver"))] as const];
    });
    const published = lines(given.get("ports")).map(readPort);
    const container = given.get("container");
    if (container === undefined) {
      return `-- nft --\n${ruleset({ owner, bridges, published, resolvers: new Map(resolvers) })}`;
    }
    const station = readStation(container, bridges);
    return [
      "-- bridges --",
      ...bridges.flatMap((bridge) => bridgeLines(bridge, owner)),
      "-- inside --",
      ...insideLines(station, owner, "/proc/1/ns/net"),
      "-- host --",
      ...portLines(station.attachments),
      "",
    ].join("\n");
  });
});
