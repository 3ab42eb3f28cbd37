import { expect, it } from "vitest";
import { paintPlan } from "../../src/ui/paint-plan.ts";

it("paints each step by what it does, and leaves other lines alone", () => {
  const text = "first, images:\n 1  pull image  nginx\n10  remove container  shop-web-1  after 1  scaled to 0\n";
  const painted = paintPlan(text, (colour, line) => `<${String(colour)}>${line}`);
  expect(painted).toBe(
    "first, images:\n<green> 1  pull image  nginx\n<red>10  remove container  shop-web-1  after 1  scaled to 0\n",
  );
});
