/** Who has which name: looked up as the container that asks sees it. Names are compared without regard to case. */

import { formatAddress, parseAddress } from "./address.ts";
import type { NamedContainer, SwitchboardState } from "./switchboard-state.ts";

export interface NameBook {
  /** Who has an address in a network. */
  client(network: string, address: string): NamedContainer | undefined;
  /** The addresses of a name, of both families; undefined: nobody that the container can reach has it. */
  addressesOf(client: NamedContainer, name: string): readonly string[] | undefined;
  /** The name for an address, with its network's name behind it. */
  nameOf(client: NamedContainer, address: string): string | undefined;
}

export function openNameBook({ resolvers, containers }: SwitchboardState): NameBook {
  const networkNames = new Map(resolvers.map(({ network, name }) => [network, name.toLowerCase()]));
  /** `network name` and `network address`. */
  const byName = new Map<string, string[]>();
  const byAddress = new Map<string, { readonly container: NamedContainer; readonly name: string }>();
  for (const container of containers) {
    for (const { network, addresses, names } of container.endpoints) {
      for (const name of new Set(names.map((text) => text.toLowerCase()))) {
        const key = `${network} ${name}`;
        byName.set(key, [...(byName.get(key) ?? []), ...addresses]);
      }
      for (const address of addresses) byAddress.set(`${network} ${address}`, { container, name: names[0] ?? "" });
    }
  }

  const lookUp = ({ endpoints }: NamedContainer, name: string): readonly string[] | undefined => {
    for (const { network, links } of endpoints) {
      const linked = links.find(([alias]) => alias.toLowerCase() === name)?.[1];
      const found = byName.get(`${network} ${linked?.toLowerCase() ?? name}`) ?? byName.get(`${network} ${name}`);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  return {
    client: (network, address) => byAddress.get(`${network} ${address}`)?.container,
    addressesOf: (client, text) => {
      const name = text.toLowerCase();
      const found = lookUp(client, name);
      if (found !== undefined) return found;
      // `web.backend` is web in the network backend.
      for (const endpoint of client.endpoints) {
        const suffix = `.${networkNames.get(endpoint.network) ?? ""}`;
        if (suffix === "." || !name.endsWith(suffix)) continue;
        const qualified = byName.get(`${endpoint.network} ${name.slice(0, -suffix.length)}`);
        if (qualified !== undefined) return qualified;
      }
      return undefined;
    },
    nameOf: (client, address) => {
      for (const { network } of client.endpoints) {
        const found = byAddress.get(`${network} ${address}`);
        if (found !== undefined && found.name !== "") return `${found.name}.${networkNames.get(network) ?? ""}`;
      }
      return undefined;
    },
  };
}

/** The address that a name below `in-addr.arpa` or `ip6.arpa` stands for (RFC 1035, 3.5; RFC 3596, 2.5). */
export function addressOfReverse(name: string): string | undefined {
  const v4 = /^(\d{1,3}(?:\.\d{1,3}){3})\.in-addr\.arpa$/i.exec(name)?.[1];
  const v6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/i.exec(name)?.[1];
  const text =
    v6 === undefined
      ? v4?.split(".").reverse().join(".")
      : v6.replaceAll(".", "").split("").reverse().join("").match(/.{4}/g)?.join(":");
  const address = parseAddress(text ?? "");
  return address === undefined ? undefined : formatAddress(address);
}
