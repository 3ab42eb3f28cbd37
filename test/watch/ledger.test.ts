import { expect, it } from "vitest";
import { openLedger } from "../../src/watch/ledger.ts";

const put = (name: string) => ({ op: "put", source: `/src/${name}`, target: `/app/${name}` }) as const;
const gone = (name: string, whole = false) => ({ op: "delete", target: `/app/${name}`, whole }) as const;
const names = (delta: ReturnType<ReturnType<typeof openLedger>["since"]>) => ({
  removals: delta.removals,
  puts: delta.puts.map(({ target }) => target),
});

it("gives a container what came after the last batch that it has", () => {
  const ledger = openLedger();
  const first = ledger.add([put("a"), put("b")]);
  ledger.add([put("b"), gone("c")]);
  expect(names(ledger.since(first))).toEqual({ removals: ["/app/c"], puts: ["/app/b"] });
  expect(names(ledger.since(0))).toEqual({ removals: ["/app/c"], puts: ["/app/a", "/app/b"] });
  expect(names(ledger.since(ledger.last))).toEqual({ removals: [], puts: [] });
});

it("forgets what was written below a directory that went, and writes again what came back in its place", () => {
  const ledger = openLedger();
  ledger.add([put("d"), put("d/x"), put("d/y")]);
  ledger.add([gone("d", true), put("d"), put("d/z")]);
  expect(names(ledger.since(0))).toEqual({ removals: ["/app/d"], puts: ["/app/d", "/app/d/z"] });
});

it("forgets what no rule is about any more", () => {
  const ledger = openLedger();
  ledger.add([put("a"), put("b"), gone("c"), gone("d")]);
  ledger.keep((target, source) => source === "/src/a" || target === "/app/c");
  expect(names(ledger.since(0))).toEqual({ removals: ["/app/c"], puts: ["/app/a"] });
});
