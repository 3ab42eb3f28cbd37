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
const integer = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)$/;
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const timestamp =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?(Z|[-+]\d{2}:\d{2}))| (\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?)?$/;
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
  const digits = text.replaceAll("_", "");
  if (digits === "-0") return floatNode(-0, span);
  // The largest integer has 20 digits, or 64 in base 2; what is longer is a float, and costly as an integer.
  if (integer.test(digits) && digits.length <= 70) {
    const value = toBigInt(digits);
    if (value <= largestUnsigned && value >= smallestSigned) return intNode(narrow(value), span);
    return floatNode(Number(value), span);
  }
  if (float.test(digits)) return floatNode(Number(digits), span);
  const infinity = infinities.get(text);
  if (infinity !== undefined) return floatNode(infinity, span);
  if (nans.has(text)) return floatNode(Number.NaN, span);
  const time = timestampText(text);
  return time === undefined ? undefined : { kind: "scalar", type: "timestamp", value: text, text: time, span };
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

/**
 * A date or time as Go's `fmt.Sprint(time.Time)` prints it, which is what it becomes in an environment; undefined for a text
 * that is none, or names a day or an hour that does not exist.
 */
function timestampText(text: string): string | undefined {
  const match = timestamp.exec(text);
  if (match === null) return undefined;
  const [, year = "", month = "", day = ""] = match;
  const [hour = "0", minute = "0", second = "0"] = [match[4] ?? match[9], match[5] ?? match[10], match[6] ?? match[11]];
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const exists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!exists || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const two = (part: string) => part.padStart(2, "0");
  const fraction = (match[7] ?? match[12] ?? "").slice(0, 10).replace(/\.?0*$/, "");
  const zone = zoneText(match[8]);
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}${fraction} ${zone}`;
}

/** An offset stands twice: Go prints the zone's name behind it, and the zone has none. */
function zoneText(zone: string | undefined): string {
  if (zone === undefined || zone === "Z" || zone === "+00:00") return "+0000 UTC";
  const offset = zone.replace(":", "");
  return `${offset} ${offset}`;
}
