/** Which hosts a registry is reached at, and which ones it may send us to. Pure. */

import { BlockList, isIP } from "node:net";

/** What the daemon was told of registries. */
export interface RegistryOptions {
  /** `host`, `host:port` or CIDR: no certificate is asked for, and plain HTTP is tried too. Loopback is always among them. */
  readonly insecure: readonly string[];
  /** URLs to try before Docker Hub, in order. */
  readonly mirrors: readonly string[];
  /** Folders with certificates below `<host:port>/`, as docker has them in `/etc/docker/certs.d`. */
  readonly certificates: readonly string[];
  /** Without a byte for so long, milliseconds, a connection is given up; a minute unless given. */
  readonly patience?: number;
  /** Before the second try, milliseconds, doubled from try to try; half a second unless given. */
  readonly pause?: number;
}

export const plainOptions: RegistryOptions = { insecure: [], mirrors: [], certificates: [] };

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

const neverPublic = new BlockList();
neverPublic.addSubnet("127.0.0.0", 8, "ipv4");
neverPublic.addSubnet("169.254.0.0", 16, "ipv4");
neverPublic.addSubnet("0.0.0.0", 8, "ipv4");
neverPublic.addAddress("::1", "ipv6");
neverPublic.addAddress("::", "ipv6");
neverPublic.addSubnet("fe80::", 10, "ipv6");

/** Docker Hub is called by one name and reached at another. */
export function apiHost(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}

/** Whether a registry may do without a certificate. */
export function isInsecure(registry: string, { insecure }: RegistryOptions): boolean {
  const { hostname } = new URL(`http://${registry}`);
  const address = hostname.replace(/^\[|\]$/g, "");
  if (hostname === "localhost" || hostname.endsWith(".localhost") || contains(loopback, address)) return true;
  return insecure.some((entry) => {
    if (entry === registry || entry === hostname) return true;
    const [subnet = "", prefix] = entry.split("/");
    if (prefix === undefined || isIP(subnet) === 0 || isIP(subnet) !== isIP(address)) return false;
    const list = new BlockList();
    list.addSubnet(subnet, Number(prefix), isIP(subnet) === 6 ? "ipv6" : "ipv4");
    return contains(list, address);
  });
}

/** Base URLs to try in order. Plain HTTP only where the registry is an insecure one. */
export function endpointsOf(registry: string, options: RegistryOptions): readonly string[] {
  const host = apiHost(registry);
  return isInsecure(registry, options) ? [`https://${host}`, `http://${host}`] : [`https://${host}`];
}

/** Addresses of this machine itself and of its link: no registry out there has a reason to send us to one. */
export function isOfThisMachine(address: string): boolean {
  return contains(neverPublic, address);
}

function contains(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
}
