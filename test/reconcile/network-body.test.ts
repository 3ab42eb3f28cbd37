import { describe, expect, it } from "vitest";
import type { NetworkResource } from "../../src/engine/api.ts";
import { networkBody, networkDivergence, networkNeeds } from "../../src/reconcile/network-body.ts";
import { projectOf } from "./project.ts";

function factsOf(attributes: string, apiVersion = "1.51") {
  const project = projectOf(`services: {web: {image: nginx, networks: [back]}}\nnetworks: {back: {${attributes}}}`);
  const network = project.networks.get("back");
  if (network === undefined) throw new Error("no network back");
  return { project, key: "back", network, apiVersion, version: "0.1.0" };
}

/** The network as dockerd shows one that docker compose made of a bare `back: {}`. */
const bare: NetworkResource = {
  Id: "1",
  Name: "shop_back",
  Driver: "bridge",
  Scope: "local",
  Internal: false,
  Attachable: false,
  EnableIPv4: true,
  EnableIPv6: false,
  IPAM: { Driver: "default", Config: [{ Subnet: "172.18.0.0/16", Gateway: "172.18.0.1" }] },
  Options: { "com.docker.network.enable_ipv4": "true", "com.docker.network.enable_ipv6": "false" },
  Labels: { "com.docker.compose.project": "shop", "com.docker.compose.config-hash": "foreign" },
};

const full = `driver: macvlan, driver_opts: {parent: eth0}, internal: true, attachable: true, enable_ipv6: true,
  enable_ipv4: false, labels: {tier: back},
  ipam: {driver: default, options: {a: b}, config: [{subnet: 10.1.0.0/16, gateway: 10.1.0.1, ip_range: 10.1.2.0/24, aux_addresses: {h: 10.1.0.2}}]}`;

describe("a network's body", () => {
  it("has all that the file says, and docker compose's labels", () => {
    const { Labels, ...body } = networkBody(factsOf(full));
    expect(body).toEqual({
      Name: "shop_back",
      Driver: "macvlan",
      Internal: true,
      Attachable: true,
      EnableIPv4: false,
      EnableIPv6: true,
      IPAM: {
        Driver: "default",
        Config: [
          { Subnet: "10.1.0.0/16", Gateway: "10.1.0.1", IPRange: "10.1.2.0/24", AuxiliaryAddresses: { h: "10.1.0.2" } },
        ],
        Options: { a: "b" },
      },
      Options: { parent: "eth0" },
    });
    expect(Labels).toEqual({
      tier: "back",
      "com.docker.compose.network": "back",
      "com.docker.compose.project": "shop",
      "com.docker.compose.version": "0.1.0",
      "com.docker.compose.config-hash": expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it("says what an older engine cannot do", () => {
    const facts = factsOf("enable_ipv4: false", "1.41");
    expect(networkBody(facts)).toMatchObject({ CheckDuplicate: true });
    expect(networkBody(facts)).not.toHaveProperty("EnableIPv4");
    expect(networkNeeds(facts)).toBe("enable_ipv4: false needs an engine with API 1.48, this one speaks 1.41");
  });
});

describe("an existing network", () => {
  it("is as wanted when it was made from the same file, whatever the engine shows of it", () => {
    const facts = factsOf(full);
    expect(networkDivergence(facts.network, { ...bare, ...networkBody(facts), Driver: "other" })).toEqual([]);
  });

  it("is compared by what it is when docker compose made it", () => {
    expect(networkDivergence(factsOf("").network, bare)).toEqual([]);
    expect(
      networkDivergence(factsOf("driver: bridge, ipam: {config: [{subnet: 172.18.0.0/16}]}").network, bare),
    ).toEqual([]);
    expect(networkDivergence(factsOf(full).network, bare)).toEqual([
      "attachable",
      "driver",
      "driver_opts.parent",
      "enable_ipv4",
      "enable_ipv6",
      "internal",
      "ipam.config",
      "ipam.options.a",
      "labels.tier",
    ]);
  });

  it("differs in an option that the file no longer has", () => {
    const there = { ...bare, Options: { ...bare.Options, "com.docker.network.bridge.enable_icc": "false" } };
    expect(networkDivergence(factsOf("").network, there)).toEqual(["driver_opts.com.docker.network.bridge.enable_icc"]);
  });

  it("differs in an option that the engine also sets by itself, if the file has another value", () => {
    const { network } = factsOf("driver_opts: {com.docker.network.driver.mtu: '1400'}");
    expect(networkDivergence(network, bare)).toEqual(["driver_opts.com.docker.network.driver.mtu"]);
  });

  it("is taken as it is when it is external", () => {
    expect(networkDivergence(factsOf("external: true, name: lan").network, { ...bare, Driver: "x" })).toEqual([]);
  });
});
