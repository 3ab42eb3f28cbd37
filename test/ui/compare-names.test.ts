import { expect, it } from "vitest";
import { compareNames } from "../../src/ui/compare-names.ts";

it("orders numbers by their value, and the rest by its letters", () => {
  const names = ["shop-web-10", "shop-web-2", "shop-db-1", "shop-web", "10", "9", "shop-web-2-run"];
  expect(names.toSorted(compareNames)).toEqual([
    "9",
    "10",
    "shop-db-1",
    "shop-web",
    "shop-web-2",
    "shop-web-2-run",
    "shop-web-10",
  ]);
});

it("tells apart what differs in zeros only, and finds equal what is equal", () => {
  expect(compareNames("a01", "a1")).toBeLessThan(0);
  expect(compareNames("a1", "a01")).toBeGreaterThan(0);
  expect(compareNames("a1", "a1")).toBe(0);
});
