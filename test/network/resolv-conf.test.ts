import { describe, expect, it } from "vitest";
import { parseResolvConf, resolvConfOfHost, resolvConfWithNames } from "../../src/network/resolv-conf.ts";

const host = parseResolvConf(
  "# a comment\nnameserver 127.0.0.53\nnameserver 10.0.0.53 ; here\nnameserver nonsense\ndomain old.test\nsearch a.test b.test\noptions edns0 timeout:2\n",
);

describe("resolv.conf", () => {
  it("of the host is read as the C library reads it", () => {
    expect(host).toEqual({
      servers: ["127.0.0.53", "10.0.0.53"],
      search: ["a.test", "b.test"],
      options: ["edns0", "timeout:2"],
    });
  });

  it("of a container with names leads to 127.0.0.11, where single words are asked for first", () => {
    expect(resolvConfWithNames(host, {})).toBe(
      "nameserver 127.0.0.11\nsearch a.test b.test\noptions edns0 timeout:2 ndots:0\n",
    );
    expect(resolvConfWithNames(host, { search: ["."], options: ["ndots:2"] })).toBe(
      "nameserver 127.0.0.11\noptions ndots:2\n",
    );
  });

  it("of a container on the default network is the host's, without what only the host reaches", () => {
    expect(resolvConfOfHost(host, {})).toBe("nameserver 10.0.0.53\nsearch a.test b.test\noptions edns0 timeout:2\n");
    expect(resolvConfOfHost({ servers: ["127.0.0.1"], search: [], options: [] }, {})).toBe(
      "nameserver 8.8.8.8\nnameserver 8.8.4.4\n",
    );
    expect(resolvConfOfHost(host, { servers: ["192.0.2.1"], search: ["c.test"] })).toContain(
      "nameserver 192.0.2.1\nsearch c.test\n",
    );
  });
});
