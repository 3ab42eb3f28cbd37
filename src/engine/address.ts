/** Where an engine listens, and how to get there. */

import { EngineError } from "../errors.ts";

/** Certificates as PEM texts. Without `verify` any certificate of the server is taken. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly verify: boolean;
}

export type Address = {
  /** As the user wrote it; for messages. */
  readonly url: string;
  /** Speak exactly this API version, without asking the engine (DOCKER_API_VERSION). */
  readonly apiVersion?: string;
} & (
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls?: TlsMaterial }
  | {
      readonly kind: "ssh";
      readonly host: string;
      readonly user?: string;
      readonly port?: number;
      /** The socket on the other side, where it is not the default of the `docker` there. */
      readonly path?: string;
    }
);

const expected = "expected unix:///path/of.sock, tcp://host:port, http(s)://host:port or ssh://user@host";

/**
 * The address that a URL names: `unix:///run/docker.sock`, `tcp://host:2375`, `https://host:2376`, `ssh://me@host`. `tls`
 * makes tcp a TLS connection (port 2376 unless given); https always is one. Throws EngineError for anything else.
 */
export function parseAddress(url: string, tls?: TlsMaterial): Address {
  if (url.startsWith("unix://")) {
    const path = url.slice("unix://".length);
    if (!path.startsWith("/")) throw invalid(url, "the path of the socket must be absolute");
    return { kind: "unix", url, path };
  }
  const parsed = URL.parse(url);
  const protocol = parsed?.protocol;
  if (
    parsed === null ||
    (protocol !== "tcp:" && protocol !== "http:" && protocol !== "https:" && protocol !== "ssh:")
  ) {
    throw invalid(url, expected);
  }
  const host = decodeURIComponent(parsed.hostname).replace(/^\[(.*)\]$/, "$1");
  if (host === "") throw invalid(url, expected);
  if (protocol === "ssh:") return parseSsh(url, parsed, host);
  if (parsed.username !== "" || parsed.password !== "")
    throw invalid(withoutUser(parsed), "a user name means nothing here");
  if (parsed.pathname !== "" && parsed.pathname !== "/") throw invalid(url, "a path means nothing here");
  const secure = protocol === "https:" ? (tls ?? { verify: true }) : protocol === "tcp:" ? tls : undefined;
  // WHATWG URLs drop the port that is their scheme's default.
  const implied = protocol === "http:" ? 80 : protocol === "https:" ? 443 : secure === undefined ? 2375 : 2376;
  const port = parsed.port === "" ? implied : Number(parsed.port);
  return { kind: "tcp", url, host, port, ...(secure === undefined ? {} : { tls: secure }) };
}

function parseSsh(url: string, parsed: URL, host: string): Address {
  if (parsed.password !== "")
    throw invalid(withoutUser(parsed), "ssh takes no password in a URL: use a key or an agent");
  if (parsed.search !== "" || parsed.hash !== "") throw invalid(url, "a query means nothing here");
  const user = decodeURIComponent(parsed.username);
  // ssh would read them as options.
  if (host.startsWith("-") || user.startsWith("-")) throw invalid(url, "neither host nor user may begin with a dash");
  const path = decodeURIComponent(parsed.pathname);
  return {
    kind: "ssh",
    url,
    host,
    ...(user === "" ? {} : { user }),
    ...(parsed.port === "" ? {} : { port: Number(parsed.port) }),
    ...(path === "" || path === "/" ? {} : { path }),
  };
}

function invalid(url: string, why: string): EngineError {
  return new EngineError(`"${url}" does not name an engine: ${why}`);
}

function withoutUser(parsed: URL): string {
  return `${parsed.protocol}//${parsed.host}`;
}
