/** `RUN --mount=type=cache,target=/root/.npm`. Pure. Source: https://docs.docker.com/reference/dockerfile/#run---mount */

import type { Span } from "../../errors.ts";
import { complain, suggest } from "./dockerfile/complain.ts";

export interface RunMount {
  readonly type: "bind" | "cache" | "tmpfs" | "secret" | "ssh";
  /** Absent only where the type has a default of its own. */
  readonly target?: string;
  readonly source?: string;
  readonly from?: string;
  readonly id?: string;
  readonly readOnly: boolean;
  readonly sharing: "shared" | "private" | "locked";
  readonly required: boolean;
  /** Bytes. */
  readonly size?: number;
  readonly mode?: number;
  readonly uid: number;
  readonly gid: number;
  /** The variable that a secret is given in. */
  readonly env?: string;
}

const keys = [
  "type",
  "from",
  "source",
  "src",
  "target",
  "dst",
  "destination",
  "readonly",
  "ro",
  "readwrite",
  "rw",
  "id",
  "sharing",
  "required",
  "size",
  "mode",
  "uid",
  "gid",
  "env",
];
const types = ["bind", "cache", "tmpfs", "secret", "ssh"] as const;

/** EngineError 400 for an unknown key, a missing target, or a value that is none. */
export function readMount(text: string, span: Span): RunMount {
  const fields = new Map<string, string | undefined>();
  for (const field of splitFields(text)) {
    const equals = field.indexOf("=");
    const key = (equals === -1 ? field : field.slice(0, equals)).trim().toLowerCase();
    if (!keys.includes(key))
      throw complain(span, `RUN --mount: unexpected key "${key}" in "${text}"`, suggest(key, keys));
    fields.set(key, equals === -1 ? undefined : field.slice(equals + 1));
  }
  const first = (...names: readonly string[]) =>
    names.map((name) => fields.get(name)).find((value) => value !== undefined && value !== "");
  const named = first("type") ?? "bind";
  const type = types.find((one) => one === named);
  if (type === undefined)
    throw complain(
      span,
      `RUN --mount: unsupported mount type "${named}"`,
      suggest(named, types) ?? `expected ${types.join(", ")}`,
    );
  const flag = (name: string) => fields.has(name) && isTrue(fields.get(name), name, span);
  const number = (name: string, pattern: RegExp, base: number) => {
    const value = first(name);
    if (value !== undefined && !pattern.test(value))
      throw complain(span, `RUN --mount: invalid value "${value}" for ${name}`);
    return value === undefined ? undefined : Number.parseInt(value, base);
  };
  const target = first("target", "dst", "destination");
  if (target === undefined && type !== "secret" && type !== "ssh")
    throw complain(span, `RUN --mount: type=${type} needs a target`);
  const sharing = first("sharing") ?? "shared";
  if (sharing !== "shared" && sharing !== "private" && sharing !== "locked") {
    throw complain(span, `RUN --mount: unsupported sharing value "${sharing}"`, "expected shared, private or locked");
  }
  const writable = flag("rw") || flag("readwrite");
  const readOnly = flag("ro") || flag("readonly") || (type === "bind" && !writable);
  const size = first("size");
  const bytes = size === undefined ? undefined : parseSize(size);
  if (size !== undefined && bytes === undefined) throw complain(span, `RUN --mount: invalid value "${size}" for size`);
  const mode = number("mode", /^[0-7]{1,5}$/, 8);
  return {
    type,
    readOnly,
    sharing,
    required: flag("required"),
    uid: number("uid", /^[0-9]{1,10}$/, 10) ?? 0,
    gid: number("gid", /^[0-9]{1,10}$/, 10) ?? 0,
    ...optional("target", target),
    ...optional("source", first("source", "src")),
    ...optional("from", first("from")),
    ...optional("id", first("id")),
    ...optional("env", first("env")),
    ...(bytes !== undefined && { size: bytes }),
    ...(mode !== undefined && { mode }),
  };
}

function isTrue(value: string | undefined, name: string, span: Span): boolean {
  if (value === undefined || value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw complain(span, `RUN --mount: invalid value "${value}" for ${name}`, "expected true or false");
}

function optional<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  const made: { [P in K]?: string } = {};
  if (value !== undefined) made[key] = value;
  return made;
}

/** Fields between commas; quotes hold one together (RFC 4180). */
function splitFields(text: string): readonly string[] {
  return [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)]
    .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "")
    .filter((field) => field !== "");
}

/** `64m`, `1g`, `1024`. */
function parseSize(text: string): number | undefined {
  const [, amount, unit = ""] = /^([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)i?b?$/i.exec(text) ?? [];
  const powers: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4 };
  return amount === undefined ? undefined : Math.floor(Number(amount) * 1024 ** (powers[unit.toLowerCase()] ?? 0));
}
