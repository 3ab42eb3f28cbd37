import type { Bytes } from "../model.ts";
import type { Parsed } from "./parsed.ts";

const powers = "kmgtp";

/**
 * Reads a size: a whole number of bytes (signed), or `NUMBER[ ][k|m|g|t|p][i][b]` in any case. Units are powers of
 * 1024; fractions are allowed and the result is cut to whole bytes (docker/go-units RAMInBytes).
 */
export function parseSize(text: string): Parsed<Bytes> {
  if (/^[-+]?[0-9]+$/.test(text)) return { value: Number(text) };
  const match = /^([0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?(?:([kmgtp])(?:i?b)?|b)?$/i.exec(text);
  if (match === null)
    return { error: `invalid size: '${text}'`, hint: "write bytes, or a number with a unit: 64m, 1.5g" };
  const [, number = "", unit] = match;
  const power = unit === undefined ? 0 : powers.indexOf(unit.toLowerCase()) + 1;
  return { value: Math.trunc(Number(number) * 1024 ** power) };
}
