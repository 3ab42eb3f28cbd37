/** resolv.conf(5): the host's is read, the containers' is written. */

import { isIP } from "node:net";
import { isLoopback, parseAddress } from "./address.ts";
import { resolverAddress } from "./links.ts";

export interface ResolvConf {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** What a container asks for of its own. */
export type OwnResolvConf = Partial<ResolvConf>;

/** Reads a resolv.conf; lines that mean nothing are passed over. */
export function parseResolvConf(text: string): ResolvConf {
  const lines = text.split("\n").map((line) =>
    line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/),
  );
  const values = (keyword: string) => lines.filter(([first]) => first === keyword).map(([, ...rest]) => rest);
  return {
    servers: values("nameserver").flatMap(([server]) => (server !== undefined && isIP(server) ? [server] : [])),
    // The last one counts; `domain` is its old form.
    search: [...values("domain"), ...values("search")].at(-1) ?? [],
    options: values("options").flat(),
  };
}

/** Where nothing else is known, as dockerd has it. */
const fallbackServers = ["8.8.8.8", "8.8.4.4"];

/** The file of a container whose names are resolved by us. */
export const resolvConfWithNames = (host: ResolvConf, own: OwnResolvConf, server = resolverAddress): string => {
  const options = own.options?.length ? own.options : host.options;
  // A single word may be a container: it is asked for as it is, first.
  const ndots = options.some((option) => option.startsWith("ndots:")) ? [] : ["ndots:0"];
  return write({ servers: [server], search: searchOf(host, own), options: [...options, ...ndots] });
};

/** The file of a container on the default network: the host's, without what only the host reaches. */
export function resolvConfOfHost(host: ResolvConf, own: OwnResolvConf): string {
  const reachable = host.servers.filter((server) => {
    const address = parseAddress(server);
    return address !== undefined && !isLoopback(address);
  });
  const servers = own.servers?.length ? own.servers : reachable.length > 0 ? reachable : fallbackServers;
  return write({ servers, search: searchOf(host, own), options: own.options?.length ? own.options : host.options });
}

/** `.` asks for no search domain at all. */
function searchOf(host: ResolvConf, { search = [] }: OwnResolvConf): readonly string[] {
  if (search.length === 0) return host.search;
  return search.filter((domain) => domain !== ".");
}

function write({ servers, search, options }: ResolvConf): string {
  return [
    ...servers.map((server) => `nameserver ${server}`),
    ...(search.length > 0 ? [`search ${search.join(" ")}`] : []),
    ...(options.length > 0 ? [`options ${options.join(" ")}`] : []),
  ]
    .map((line) => `${line}\n`)
    .join("");
}
