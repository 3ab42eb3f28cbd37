import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode, type Message, ProtobufError } from "../../../src/engine/buildkit/protobuf.ts";

const inner = { name: [1, "string"], count: [2, "int"] } as const satisfies Message;
const everything = {
  text: [1, "string"],
  bytes: [2, "bytes"],
  flag: [3, "bool"],
  int: [4, "int"],
  long: [5, "int64"],
  one: [6, inner],
  many: [7, "repeated", inner],
  texts: [8, "repeated", "string"],
  map: [9, "map", "string"],
  high: [300, "int"],
} as const satisfies Message;

describe("a message", () => {
  it("comes back as it was", () => {
    const text = fc.string({ unit: "grapheme" });
    const small = fc.record({ name: text, count: fc.maxSafeNat() });
    const value = fc.record({
      text,
      bytes: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      flag: fc.boolean(),
      int: fc.maxSafeInteger(),
      long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      one: fc.option(small, { nil: undefined }),
      many: fc.array(small),
      texts: fc.array(text),
      map: fc.array(fc.tuple(text, text)).map((pairs) => new Map(pairs)),
      high: fc.nat(),
    });
    fc.assert(
      fc.property(value, (given) => {
        expect(decode(everything, encode(everything, given))).toEqual(given);
      }),
    );
  });

  it("is written as the guide to the wire format has it", () => {
    // `text: "hi" int: 300 one { name: "x" } map { key: "k" value: "v" }`.
    const bytes = encode(everything, { text: "hi", int: 300, one: { name: "x" }, map: new Map([["k", "v"]]) });
    expect(bytes.toString("hex")).toBe("0a02686920ac0232030a01784a060a016b120176");
    expect(encode(everything, { int: -1 }).toString("hex")).toBe("20ffffffffffffffffff01");
  });

  it("may hold fields that nobody knows, and packed numbers", () => {
    const numbers = { list: [1, "repeated", "int"] } as const satisfies Message;
    expect(decode(numbers, Buffer.from("0a03010203", "hex"))).toEqual({ list: [1, 2, 3] });
    expect(decode(inner, Buffer.from("0a017819000000000000000025000000001a0161", "hex"))).toEqual({
      name: "x",
      count: 0,
    });
  });

  it("that is damaged is refused, and never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          decode(everything, Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError);
        }
      }),
    );
  });
});
