import { describe, expect, it } from "vitest";
import { askedFor } from "../../../src/engine/images/filter.ts";

describe("the references of an image in a list", () => {
  const references = ["web:1", "web:2", "localhost:5000/shop/api:1"];

  it("are all of them without a filter", () => {
    expect(askedFor({}, references)).toEqual(references);
  });

  it("are those that the filter names, by name, by tag or by a pattern", () => {
    const by = (...reference: string[]) => askedFor({ reference }, references);
    expect(by("web")).toEqual(references.slice(0, 2));
    expect(by("web:2")).toEqual(references.slice(1, 2));
    expect(by("localhost:5000/*/api", "w*:1")).toEqual([references[0], references[2]]);
    expect(by("db")).toEqual([]);
  });

  it("cannot be asked for by a broken pattern", () => {
    expect(() => askedFor({ reference: ["w[z-a]"] }, references)).toThrow("invalid filter 'reference=w[z-a]'");
  });
});
