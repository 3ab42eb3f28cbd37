import { decode, encode } from "dns-packet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerQuery, shuffled } from "../../src/network/answer-query.ts";
import { answerTo, readQuery } from "../../src/network/dns-message.ts";
import { framed, frames } from "../../src/network/forward-query.ts";
import { addressOfReverse, openNameBook } from "../../src/network/names.ts";
import type { NamedContainer } from "../../src/network/switchboard-state.ts";

const container = (
  id: string,
  names: readonly string[],
  network: string,
  addresses: readonly string[],
  more: Partial<NamedContainer> = {},
): NamedContainer => ({
  id,
  servers: [],
  internal: false,
  wholeNamesOnly: false,
  endpoints: [{ network, addresses, names, links: [] }],
  ...more,
});

const question = (name: string, type = "A", options: object = {}) => {
  const query = readQuery(
    encode({ type: "query", id: 1, flags: 256, questions: [{ name, type: type as "A" }], ...options }),
  );
  if (query === undefined) throw new Error("not read");
  return query;
};

describe("names", () => {
  const client = container("c", ["c"], "n1", ["10.0.0.9"]);
  const many = Array.from({ length: 60 }, (_, i) => container(`w${i}`, [`w${i}`, "web"], "n1", [`10.0.1.${i}`]));
  const book = openNameBook({
    resolvers: [{ network: "n1", name: "Shop", listen: [], port: 0 }],
    containers: [
      client,
      ...many,
      container("far", ["far"], "n2", ["10.9.0.1"]),
      container("__proto__", ["__proto__"], "n1", ["10.0.0.77"]),
    ],
    ports: [],
  });
  const answer = (name: string, type = "A", from = client) =>
    answerQuery(book, from, question(name, type), (all) => all);

  it("that nobody near has are for others, or for nobody where the container is cut off", () => {
    expect(answer("far")).toBeUndefined();
    expect(answer("constructor")).toBeUndefined();
    expect(answer("far", "A", { ...client, internal: true })).toEqual({ code: "SERVFAIL", answers: [] });
    expect(answer("word", "A", { ...client, wholeNamesOnly: true })?.code).toBe("SERVFAIL");
    expect(answer("word.test", "A", { ...client, wholeNamesOnly: true })).toBeUndefined();
  });

  it("may be any that a container can have", () => {
    expect(answer("__proto__")?.answers).toMatchObject([{ data: "10.0.0.77" }]);
    expect(answer("w1.shop")?.answers).toMatchObject([{ data: "10.0.1.1" }]);
  });

  it("without an address of the family have an empty answer", () => {
    expect(answer("web", "AAAA")).toEqual({ code: "NOERROR", answers: [] });
    expect(answer("web", "MX")).toEqual({ code: "NOERROR", answers: [] });
  });

  it("are told for addresses of both families", () => {
    expect(addressOfReverse("4.3.2.10.in-addr.arpa")).toBe("10.2.3.4");
    expect(addressOfReverse(`${"1".padEnd(32, "0").split("").join(".")}.ip6.arpa`)).toBe("::1");
    expect(addressOfReverse("x.in-addr.arpa")).toBeUndefined();
  });

  it("of many replicas are cut over UDP as long as the client takes no more", () => {
    const query = question("web");
    const own = answer("web");
    expect(own?.answers.length).toBe(60);
    const cut = decode(answerTo(query, "NOERROR", own?.answers ?? [], query.longest));
    expect([cut.flag_tc, cut.answers?.length]).toEqual([true, 0]);
    const extended = question("web", "A", {
      additionals: [{ type: "OPT", name: ".", udpPayloadSize: 4096, flags: 0, options: [] }],
    });
    expect(decode(answerTo(extended, "NOERROR", own?.answers ?? [], extended.longest)).answers?.length).toBe(60);
  });

  it("are shuffled without loss", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (items) => {
        expect([...shuffled(items)].sort()).toEqual([...items].sort());
      }),
    );
  });
});

describe("messages", () => {
  it("that are none are no questions, and break nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => void readQuery(Buffer.from(bytes))),
      { numRuns: 5000 },
    );
  });

  it("whose names point at themselves are no questions", () => {
    expect(readQuery(Buffer.from("000101000001000000000000c00c00010001", "hex"))).toBeUndefined();
  });

  it("come out of a stream as they went in, however it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), fc.nat(200), (messages, at) => {
        const stream = Buffer.concat(messages.map((message) => framed(Buffer.from(message))));
        const first = frames(stream.subarray(0, at));
        const second = frames(Buffer.concat([first.rest, stream.subarray(at)]));
        expect([...first.messages, ...second.messages].map((one) => one.toString("hex"))).toEqual(
          messages.map((message) => Buffer.from(message).toString("hex")),
        );
      }),
    );
  });
});
