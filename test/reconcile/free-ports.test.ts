import { describe, expect, it } from "vitest";
import { candidates, wishesOf, withPorts } from "../../src/reconcile/free-ports.ts";
import { projectOf } from "./project.ts";

const model = projectOf(`services: {web: {image: x, ports: ["8080:80", "9000-9002:90", "53:53/udp", "443"]}}`);

describe("host ports of a copy", () => {
  it("are wanted for what is published, not for ephemeral ports", () => {
    expect(wishesOf(model, []).map(({ service, index, size }) => [service, index, size])).toEqual([
      ["web", 0, 1],
      ["web", 1, 3],
      ["web", 2, 1],
    ]);
  });

  it("are the same for the same names, and others for another copy", () => {
    const [wish] = wishesOf(model, []);
    if (wish === undefined) throw new Error("no wish");
    const of = (project: string) => candidates(project, wish).take(3).toArray();
    expect(of("shop-a")).toEqual(of("shop-a"));
    expect(of("shop-a")).not.toEqual(of("shop-b"));
    expect(candidates("shop-a", { ...wish, kept: 8888 }).next().value).toBe(8888);
  });

  it("stay in the range, whatever their number", () => {
    for (const wish of wishesOf(model, [])) {
      const all = candidates("shop-a", wish).toArray();
      expect(Math.min(...all)).toBe(20_000);
      expect(Math.max(...all) + wish.size - 1).toBe(29_999);
    }
  });

  it("take the places of the files' ports", () => {
    const changed = withPorts(model, new Map([["web", new Map([[0, "20001"]])]]));
    expect(changed.services.get("web")?.ports?.map(({ published }) => published)).toEqual([
      "20001",
      "9000-9002",
      "53",
      undefined,
    ]);
  });
});
