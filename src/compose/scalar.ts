import type { Span } from "../errors.ts";
import { intNode, nullNode, type ScalarNode, stringNode } from "./node.ts";

const nulls: ReadonlySet<string> = new Set(["", "~", "null", "Null", "NULL"]);
const bools: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["True", true],
  ["TRUE", true],
  ["false", false],
  ["False", false],
  ["FALSE", false],
]);
const infinities: ReadonlyMap<string, number> = new Map(
  [".inf", ".Inf", ".INF"].flatMap((text): [string, number][] => [
    [text, Number.POSITIVE_INFINITY],
    [`+${text}`, Number.POSITIVE_INFINITY],
    [`-${text}`, Number.NEGATIVE_INFINITY],
  ]),
);
const nans: ReadonlySet<string> = new Set([".nan", ".NaN", ".NAN"]);
const integer = /^[-+]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|0[0-7_]*|[1-9][0-9_]*)$/;
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const timestamp =
  /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::?\d{2})?))?)?$/;
const largestUnsigned = 2n ** 64n - 1n;
const smallestSigned = -(2n ** 63n);

/**
 * Types a plain YAML scalar as compose-go does: YAML 1.2's bools and nulls, integers with Go's prefixes (a leading 0 is
 * octal) and underscores, timestamps, never base 60.
 * Source: go-yaml v4 `resolve.go`, decoding into `any`.
 */
export function plainScalar(text: string, span: Span): ScalarNode {
  if (nulls.has(text)) return nullNode(span);
  const first = text.charCodeAt(0);
  // Most plain scalars are words: only these first characters can begin anything else.
  const mayBeNumber = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;
  if (!mayBeNumber) {
    const bool = bools.get(text);
    return bool === undefined
      ? stringNode(text, span)
      : { kind: "scalar", type: "bool", value: bool, text: String(bool), span };
  }
  return numberOrTimestamp(text, span) ?? stringNode(text, span);
}

function numberOrTimestamp(text: string, span: Span): ScalarNode | undefined {
  if (text === "-0") return floatNode(-0, span);
  if (integer.test(text)) {
    const value = toBigInt(text.replaceAll("_", ""));
    if (value <= largestUnsigned && value >= smallestSigned) return intNode(narrow(value), span);
    return floatNode(Number(value), span);
  }
  if (float.test(text)) return floatNode(Number(text), span);
  const infinity = infinities.get(text);
  if (infinity !== undefined) return floatNode(infinity, span);
  if (nans.has(text)) return floatNode(Number.NaN, span);
  if (timestamp.test(text)) return { kind: "scalar", type: "timestamp", value: text, text: timestampText(text), span };
  return undefined;
}

/** A float scalar, with the text that Go's `%v` gives it. */
export function floatNode(value: number, span: Span): ScalarNode {
  return { kind: "scalar", type: "float", value, text: floatText(value), span };
}

/**
 * A float as compose-go prints it: the shortest digits that round-trip, in exponent form when the decimal exponent is
 * below -4 or at least 6: `24.1`, `1000`, `1e+06`, `1.2345675e+06`.
 */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return String(value);
  const sign = exponent < 0 ? "-" : "+";
  return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function toBigInt(text: string): bigint {
  const negative = text.startsWith("-");
  const digits = /^[-+]/.test(text) ? text.slice(1) : text;
  const isOldOctal = digits.length > 1 && /^0[0-7]+$/.test(digits);
  const magnitude = BigInt(isOldOctal ? `0o${digits.slice(1)}` : digits.toLowerCase());
  return negative ? -magnitude : magnitude;
}

/** Go's `fmt.Sprint(time.Time)`: what a date in a mapping becomes in an environment. */
function timestampText(text: string): string {
  const match =
    /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d*)?(?:[ \t]*(Z|[-+]\d{1,2}(?::?\d{2})?))?)?$/.exec(
      text,
    );
  if (match === null) return text;
  const [, year, month = "", day = "", hour = "0", minute = "0", second = "0", fraction = "", zone] = match;
  const two = (part: string) => part.padStart(2, "0");
  const trimmed = fraction.replace(/0+$/, "").replace(/\.$/, "");
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}${trimmed} ${zoneText(zone)}`;
}

function zoneText(zone: string | undefined): string {
  if (zone === undefined || zone === "Z") return "+0000 UTC";
  const [, sign, hours = "0", minutes = "00"] = /^([-+])(\d{1,2}):?(\d{2})?$/.exec(zone) ?? [];
  const offset = `${sign}${hours.padStart(2, "0")}${minutes}`;
  return `${offset} ${offset}`;
}
