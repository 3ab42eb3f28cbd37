import { describe, expect, it } from "vitest";
import type { NetworkCreateBody } from "../../../src/engine/api.ts";
import { draftNetwork } from "../../../src/engine/networks/create.ts";
import { bridgeOf, decodeNetwork, type NetworkRecord, resourceOf } from "../../../src/engine/networks/record.ts";
import { parseSubnet } from "../../../src/network/address.ts";

const id = "ab".repeat(32);
const draft = (body: NetworkCreateBody, networks: readonly NetworkRecord[] = [], host: readonly string[] = []) =>
  draftNetwork(id, "2026-11-25T00:00:00Z", body, {
    networks,
    hostSubnets: host.flatMap((text) => parseSubnet(text) ?? []),
    seed: "0123456789",
  });
const ipam = (config: object): NetworkCreateBody => ({ Name: "n", IPAM: { Config: [config] } });

describe("a network that cannot be", () => {
  const taken = draft({ Name: "taken", Options: { "com.docker.network.bridge.name": "mybr" } }, [], ["172.17.0.0/16"]);
  // Recorded from dockerd 28.5.2, but for the last ones, where it is more lenient.
  it.each<[NetworkCreateBody, number, string]>([
    [
      ipam({ Subnet: "10.200.0.1/24" }),
      400,
      "invalid network config:\ninvalid subnet 10.200.0.1/24: it should be 10.200.0.0/24",
    ],
    [
      ipam({ Subnet: "10.200.0.0/24", IPRange: "10.201.0.0/25" }),
      400,
      "invalid network config:\ninvalid ip-range 10.201.0.0/25: parent subnet 10.200.0.0/24 doesn't contain ip-range",
    ],
    [
      ipam({
        Subnet: "10.200.0.0/24",
        IPRange: "10.200.0.5/25",
        Gateway: "10.201.0.1",
        AuxiliaryAddresses: { a: "10.202.0.1", b: "x" },
      }),
      400,
      "invalid network config:\n* invalid ip-range 10.200.0.5/25: it should be 10.200.0.0/25\n* invalid gateway 10.201.0.1: parent subnet 10.200.0.0/24 doesn't contain this address\n* invalid auxiliary address a: parent subnet 10.200.0.0/24 doesn't contain this address\n* invalid auxiliary address b: invalid address",
    ],
    [ipam({ Gateway: "10.2.3.4" }), 400, "invalid network config:\ninvalid subnet : invalid CIDR block notation"],
    [
      ipam({ Subnet: "10.2.0.0/24", Gateway: "10.2.0.255" }),
      500,
      "failed to allocate gateway (10.2.0.255): Address already in use",
    ],
    [
      ipam({ Subnet: "172.18.5.0/24" }),
      403,
      "invalid pool request: Pool overlaps with other one on this address space",
    ],
    [{ Name: "" }, 400, "invalid name: name is empty"],
    [{ Name: "host" }, 403, "operation is not permitted on predefined host network "],
    [{ Name: "taken" }, 409, "network with name taken already exists"],
    [{ Name: "n", EnableIPv4: false }, 400, "IPv4 or IPv6 must be enabled"],
    [{ Name: "n", Driver: "nope" }, 404, 'plugin "nope" not found'],
    [{ Name: "n", Driver: "host" }, 403, 'only one instance of "host" network is allowed'],
    [
      { Name: "n", Options: { "com.docker.network.driver.mtu": "x" } },
      400,
      'failed to parse com.docker.network.driver.mtu value: x (strconv.Atoi: parsing "x": invalid syntax)',
    ],
    [
      { Name: "n", Options: { "com.docker.network.bridge.enable_icc": "x" } },
      400,
      'failed to parse com.docker.network.bridge.enable_icc value: x (strconv.ParseBool: parsing "x": invalid syntax)',
    ],
    [
      { Name: "n", Options: { "com.docker.network.bridge.host_binding_ipv4": "x" } },
      400,
      "failed to parse com.docker.network.bridge.host_binding_ipv4 value: x (nil ip)",
    ],
    [
      { Name: "n", Options: { "com.docker.network.bridge.name": "mybr" } },
      403,
      `cannot create network ${id} (mybr): conflicts with network ${id} (mybr): networks have same bridge name`,
    ],
    [{ Name: "a/b" }, 400, 'invalid name: "a/b": only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed'],
    [{ Name: "x; flush ruleset" }, 400, 'invalid name: "x; flush ruleset": only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed'],
    [
      { Name: "n", Options: { "com.docker.network.bridge.name": 'x"; flush ruleset' } },
      400,
      'invalid value for com.docker.network.bridge.name: "x\\"; flush ruleset" is not the name of a link',
    ],
    [
      ipam({ Subnet: "127.0.0.0/8" }),
      400,
      "invalid network config:\ninvalid subnet 127.0.0.0/8: it is the host's loopback",
    ],
  ])("%j: %i %s", (body, status, message) => {
    expect(() => draft(body, [taken])).toThrow(expect.objectContaining({ status, message }));
  });
});

describe("a network", () => {
  it("without a subnet gets one of each family, free on the host too", () => {
    const { ipam } = draft(
      { Name: "n", EnableIPv6: true },
      [{ ...draft({ Name: "first" }), id: "cd".repeat(32) }],
      ["172.18.0.0/16"],
    );
    expect(ipam.config).toEqual([
      { Subnet: "172.19.0.0/16", Gateway: "172.19.0.1" },
      { Subnet: "fd01:2345:6789::/64", Gateway: "fd01:2345:6789::1" },
    ]);
  });

  it("leaves alone what the host reaches by a route of its own", () => {
    expect(() => draft(ipam({ Subnet: "10.1.0.0/16" }), [], ["10.1.2.0/24"])).toThrow("Pool overlaps");
    expect(draft(ipam({ Subnet: "10.1.0.0/16" }), [], ["10.0.0.0/8"]).ipam.found).toEqual([]);
  });

  it("is shown as it was asked for", () => {
    const record = draft({
      Name: "n",
      IPAM: { Config: [{ Subnet: "10.1.0.0/24" }] },
      Labels: { a: "b" },
      Internal: true,
    });
    expect(resourceOf(record, {})).toEqual({
      Name: "n",
      Id: id,
      Created: "2026-11-25T00:00:00Z",
      Scope: "local",
      Driver: "bridge",
      EnableIPv4: true,
      EnableIPv6: false,
      IPAM: { Driver: "default", Options: null, Config: [{ Subnet: "10.1.0.0/24" }] },
      Internal: true,
      Attachable: false,
      Ingress: false,
      ConfigFrom: { Network: "" },
      ConfigOnly: false,
      Containers: {},
      Options: {},
      Labels: { a: "b" },
    });
  });

  it("takes its gateway from the range where none is given, and its bridge's settings from the options", () => {
    const record = draft({
      Name: "n",
      IPAM: { Config: [{ Subnet: "10.1.0.0/24", IPRange: "10.1.0.128/25" }] },
      Options: {
        "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.bridge.enable_ip_masquerade": "0",
        "com.docker.network.driver.mtu": "1400",
      },
    });
    const { subnets, ...bridge } = bridgeOf(record);
    expect(subnets[0]?.gateway?.value).toBe((10n << 24n) | (1n << 16n) | 128n);
    expect(bridge).toMatchObject({
      link: "gt-abababababab",
      mtu: 1400,
      isolated: true,
      masquerade: false,
      names: true,
    });
  });

  it("is read back from its record, and nothing else is", () => {
    const record = draft({ Name: "n" });
    expect(decodeNetwork(JSON.parse(JSON.stringify(record)), id)).toEqual(record);
    for (const value of [null, {}, { ...record, id: "x" }, { ...record, driver: "x" }, { ...record, name: 1 }]) {
      expect(() => decodeNetwork(value, id)).toThrow();
    }
  });
});
