import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dependencyGraph } from "../../src/compose/graph.ts";
import type { Dependency } from "../../src/compose/model.ts";

const dependency: Dependency = { condition: "service_started", required: true, extensions: new Map() };

/** A graph of `{a: "b c"}`: a depends on b and c. */
function graph(edges: Readonly<Record<string, string>>) {
  const services = Object.entries(edges).map(([name, others]) => {
    const depends_on = new Map(
      others
        .split(" ")
        .filter(Boolean)
        .map((other) => [other, dependency]),
    );
    return [name, { depends_on }] as const;
  });
  return dependencyGraph(new Map(services));
}

describe("the dependency graph", () => {
  it("knows both directions", () => {
    const { dependencies, dependents } = graph({ web: "db cache", worker: "db", db: "", cache: "" });
    expect(dependencies("web")).toEqual(["db", "cache"]);
    expect(dependents("db")).toEqual(["web", "worker"]);
    expect(dependents("web")).toEqual([]);
  });

  it("orders services behind what they depend on", () => {
    expect(graph({ web: "api", api: "db cache", worker: "db", db: "", cache: "db" }).order).toEqual([
      ["db"],
      ["worker", "cache"],
      ["api"],
      ["web"],
    ]);
  });

  it("ignores services that are not there", () => {
    expect(graph({ web: "gone" }).order).toEqual([["web"]]);
  });

  it.each([
    [{ a: "a" }, [["a", "a"]]],
    [{ a: "b", b: "c", c: "a" }, [["a", "b", "c", "a"]]],
    [{ x: "a", a: "b", b: "a" }, [["a", "b", "a"]]],
    [
      { a: "b", b: "a", c: "d", d: "c" },
      [
        ["a", "b", "a"],
        ["c", "d", "c"],
      ],
    ],
    [{ a: "b c", b: "d", c: "d", d: "" }, []],
  ])("of %j has the cycles %j", (edges, cycles) => {
    expect(graph(edges).cycles).toEqual(cycles);
  });

  it("leaves services on or behind a cycle out of the order", () => {
    expect(graph({ a: "b", b: "a", c: "a", d: "" }).order).toEqual([["d"]]);
  });

  it("stands a chain of thousands", () => {
    const chain = Object.fromEntries(Array.from({ length: 20000 }, (_, i) => [`s${i}`, i === 0 ? "" : `s${i - 1}`]));
    const { order, cycles } = graph(chain);
    expect([order.length, cycles]).toEqual([20000, []]);
  });

  it("finds a cycle exactly where the order lacks a service", () => {
    const edges = fc.dictionary(
      fc.constantFrom(..."abcdef"),
      fc.subarray([..."abcdef"]).map((names) => names.join(" ")),
    );
    fc.assert(
      fc.property(edges, (some) => {
        const { order, cycles } = graph(some);
        expect(order.flat().length === Object.keys(some).length).toBe(cycles.length === 0);
      }),
    );
  });
});
