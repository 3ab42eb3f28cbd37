import { expect, it } from "vitest";
import { sizeText } from "../../src/ui/size-text.ts";

it.each([
  [0, "0B"],
  [866, "866B"],
  [25_769_328, "25.8MB"],
  [1_000_000, "1MB"],
  [2_500_000_000, "2.5GB"],
])("%d bytes are %s in steps of 1000", (bytes, text) => {
  expect(sizeText(bytes, "decimal")).toBe(text);
});

it.each([
  [458_752, "448KiB"],
  [25_276_120_760, "23.54GiB"],
  [1536, "1.5KiB"],
])("%d bytes are %s in steps of 1024", (bytes, text) => {
  expect(sizeText(bytes, "binary")).toBe(text);
});
