import type { Anything, Extensions } from "../model.ts";
import { formatDuration } from "../short/duration.ts";

/** Plain data as JSON has it. Objects have no prototype: any key is an ordinary one. */
export type Plain = string | number | boolean | null | Plain[] | PlainObject;
export interface PlainObject {
  [key: string]: Plain;
}

/** JSON leaves extensions out and shows some empty structures, as docker compose's does; YAML is to be read again. */
export type Style = "json" | "yaml";

/** Attributes in the order of printing; undefined ones are absent. */
export type Attributes = Readonly<Record<string, Plain | undefined>>;

/** An object of the attributes that are present, and in YAML of the extensions. */
export function object(attributes: Attributes, extensions: Extensions | undefined, style: Style): PlainObject {
  const result: PlainObject = Object.create(null);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) result[key] = value;
  }
  if (style === "yaml") {
    for (const [key, value] of sorted(extensions ?? new Map())) result[key] = anything(value);
  }
  return result;
}

/** A map as an object, sorted by key; absent when empty. */
export function mapping<T>(
  values: ReadonlyMap<string, T> | undefined,
  print: (value: T, key: string) => Plain,
): PlainObject | undefined {
  if (values === undefined || values.size === 0) return undefined;
  const result: PlainObject = Object.create(null);
  for (const [key, value] of sorted(values)) result[key] = print(value, key);
  return result;
}

/** A map of texts or nulls; absent when empty. */
export function texts(values: ReadonlyMap<string, string | null> | undefined): PlainObject | undefined {
  return mapping(values, (value) => value);
}

/** A list; absent when empty. */
export function list<T>(values: readonly T[] | undefined, print: (value: T) => Plain): Plain[] | undefined {
  return values === undefined || values.length === 0 ? undefined : values.map(print);
}

/** A list of texts; absent when empty. */
export function words(values: readonly string[] | undefined): Plain[] | undefined {
  return values === undefined || values.length === 0 ? undefined : [...values];
}

/** A number, absent when zero: docker compose cannot tell the two apart. */
export function nonZero(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value;
}

/** `true`, or absent. */
export function onlyTrue(value: boolean | undefined): true | undefined {
  return value === true ? true : undefined;
}

/** A size as text, absent when zero. */
export function bytes(value: number | undefined): string | undefined {
  return value === undefined || value === 0 ? undefined : String(value);
}

export function duration(value: number | undefined): string | undefined {
  return value === undefined ? undefined : formatDuration(value);
}

/** Permission bits in octal: "0440". */
export function mode(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `0${value.toString(8)}`;
}

/** Hosts as `host=address`, sorted. */
export function hosts(values: ReadonlyMap<string, readonly string[]> | undefined): Plain[] | undefined {
  const lines = sorted(values ?? new Map<string, readonly string[]>()).flatMap(([host, addresses]) =>
    addresses.map((address) => `${host}=${address}`),
  );
  return words(lines.toSorted(byCodeUnits));
}

/** Extension values as plain data. */
export function anything(value: Anything): Plain {
  if (Array.isArray(value)) return value.map(anything);
  if (value instanceof Map) {
    const result: PlainObject = Object.create(null);
    for (const [key, below] of sorted(value as ReadonlyMap<string, Anything>)) result[key] = anything(below);
    return result;
  }
  return value as Plain;
}

/** The entries of a map in go-yaml's order of keys: numbers within them by value, letters behind other characters. */
export function sorted<T>(values: ReadonlyMap<string, T>): (readonly [string, T])[] {
  return [...values].toSorted(([a], [b]) => compareKeys(a, b));
}

function compareKeys(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  if (at === a.length || at === b.length) return a.length - b.length;
  const [x = "", y = ""] = [a[at], b[at]];
  const [xIsLetter, yIsLetter] = [isLetter(x), isLetter(y)];
  if (xIsLetter && yIsLetter) return x < y ? -1 : 1;
  if (xIsLetter || yIsLetter) return xIsLetter === isDigit(a[at - 1] ?? "") ? -1 : 1;
  // A zero behind other digits counts as part of their number.
  const behindDigits = (x === "0" || y === "0") && /[1-9][0-9]*$/.test(a.slice(0, at)) ? "1" : "";
  const xDigits = digitsAt(a, at);
  const yDigits = digitsAt(b, at);
  const byValue = Number(behindDigits + xDigits) - Number(behindDigits + yDigits);
  return byValue || xDigits.length - yDigits.length || (x < y ? -1 : 1);
}

function isLetter(char: string): boolean {
  return /^\p{L}$/u.test(char);
}

function isDigit(char: string): boolean {
  return /^[0-9]$/.test(char);
}

function digitsAt(text: string, at: number): string {
  return /^[0-9]*/.exec(text.slice(at))?.[0] ?? "";
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
