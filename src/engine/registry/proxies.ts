/** The way out through proxies, as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say it; in lower case they are believed first. Pure. */

/** In the form of `proxyEnv` of node's agents. This machine is never reached through a proxy. */
export function proxiesOf(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const read = (name: string) => environment[name] || environment[name.toUpperCase()] || "";
  const never = ["localhost", ".localhost", "127.0.0.1-127.255.255.254", "[::1]", "::1"];
  return {
    http_proxy: read("http_proxy"),
    https_proxy: read("https_proxy"),
    no_proxy: [read("no_proxy"), ...never].filter((part) => part !== "").join(","),
  };
}
