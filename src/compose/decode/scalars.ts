import type { Parsed } from "../short/parsed.ts";

/** Reads `true` and `false`, and YAML 1.1's other words for them, in any case. */
export function parseBoolean(text: string): Parsed<boolean> {
  switch (text.toLowerCase()) {
    case "true":
    case "yes":
    case "y":
    case "on":
      return { value: true };
    case "false":
    case "no":
    case "n":
    case "off":
      return { value: false };
    default:
      return { error: `invalid boolean: ${text}`, hint: "write true or false" };
  }
}

/** Reads a whole decimal number. */
export function parseInteger(text: string): Parsed<number> {
  if (/^[+-]?[0-9]+$/.test(text)) return { value: Number(text) };
  return { error: `"${text}" is not a whole number`, hint: "write a whole number" };
}

/** Reads a decimal number, also in exponent form. */
export function parseNumber(text: string): Parsed<number> {
  if (/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(text)) return { value: Number(text) };
  return { error: `"${text}" is not a number`, hint: "write a number" };
}

/** Reads permission bits written in octal: `0440`, `440`, `0o440`. */
export function parseMode(text: string): Parsed<number> {
  if (/^(0o)?[0-7]+$/.test(text)) return { value: Number.parseInt(text.replace(/^0o/, ""), 8) };
  return { error: `"${text}" are no permission bits`, hint: 'write them in octal: "0440"' };
}

/** Reads a count of devices; `all` is -1. */
export function parseCount(text: string): Parsed<number> {
  if (text === "all") return { value: -1 };
  if (/^[+-]?[0-9]+$/.test(text)) return { value: Number(text) };
  return {
    error: `invalid value "${text}", the only value allowed is 'all' or a number`,
    hint: "write all, or how many",
  };
}
