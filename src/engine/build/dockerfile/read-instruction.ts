/** One logical line as an instruction. Pure. */

import type { HealthConfig } from "../../api.ts";
import { parseDuration } from "../duration.ts";
import { complain, suggest } from "./complain.ts";
import { type Command, type Instruction, type Keyword, keywords, type Pair } from "./instruction.ts";
import type { LogicalLine } from "./lines.ts";
import { readCopy } from "./read-copy.ts";
import { type Flag, parseExecForm, splitFlags, splitWords } from "./words.ts";

/** A line taken apart, before its keyword gives the rest a meaning. */
export interface Pieces extends LogicalLine {
  readonly keyword: Keyword;
  readonly flags: readonly Flag[];
  readonly rest: string;
  readonly escapeWith: string;
}

/** EngineError 400 for an unknown instruction or flag, and arguments that it does not take. */
export function readInstruction(line: LogicalLine, escapeWith: string): Instruction {
  const [name = ""] = /^\S+/.exec(line.text) ?? [];
  const keyword = keywords.find((known) => known === name.toUpperCase());
  if (keyword === undefined) throw complain(line.span, `unknown instruction: ${name}`, suggest(name, keywords));
  const { flags, rest } = splitFlags(line.text.slice(name.length), escapeWith);
  const pieces: Pieces = { ...line, keyword, flags, rest: rest.trim(), escapeWith };
  if (pieces.rest === "" && line.heredocs.length === 0) {
    throw complain(
      line.span,
      keyword === "RUN" ? "RUN requires a command" : `${keyword} requires at least one argument`,
    );
  }
  refuseUnknownFlags(pieces);
  return readers[keyword](pieces);
}

const flagsOf: { readonly [K in Keyword]?: readonly string[] } = {
  FROM: ["platform"],
  RUN: ["mount", "network", "security"],
  COPY: ["from", "chown", "chmod", "link", "parents", "exclude"],
  ADD: ["chown", "chmod", "link", "checksum", "keep-git-dir", "unpack", "exclude"],
  HEALTHCHECK: ["interval", "timeout", "start-period", "start-interval", "retries"],
};
const repeatable = ["mount", "exclude"];

function refuseUnknownFlags({ keyword, flags, span }: Pieces): void {
  const known = flagsOf[keyword] ?? [];
  const seen = new Set<string>();
  for (const { name, value } of flags) {
    if (!known.includes(name)) throw complain(span, `${keyword}: unknown flag: --${name}`, suggest(name, known));
    if (seen.has(name) && !repeatable.includes(name)) throw complain(span, `${keyword}: duplicate flag: --${name}`);
    const isSwitch = ["link", "parents", "keep-git-dir", "unpack"].includes(name);
    if (value === undefined && !isSwitch) throw complain(span, `${keyword}: missing a value on flag: --${name}`);
    seen.add(name);
  }
}

/** The value of a flag that is given once. */
export function flagOf({ flags }: Pieces, name: string): string | undefined {
  return flags.find((flag) => flag.name === name)?.value;
}

const readers: { readonly [K in Keyword]: (pieces: Pieces) => Instruction } = {
  FROM: (pieces) => {
    const words = pieces.rest.split(/\s+/);
    const [image = "", as, name] = words;
    if (words.length !== 1 && !(words.length === 3 && as?.toUpperCase() === "AS")) {
      throw complain(pieces.span, "FROM requires either one or three arguments: FROM image [AS name]");
    }
    if (name !== undefined && !/^[a-z][a-z0-9-_.]*$/i.test(name)) {
      throw complain(
        pieces.span,
        `invalid name for build stage: "${name}", name can't start with a number or contain symbols`,
      );
    }
    const platform = flagOf(pieces, "platform");
    return {
      ...common(pieces),
      keyword: "FROM",
      image,
      ...(platform !== undefined && { platform }),
      ...(name !== undefined && { name: name.toLowerCase() }),
    };
  },
  RUN: (pieces) => {
    const network = choice(pieces, "network", ["default", "none", "host"]);
    const security = choice(pieces, "security", ["sandbox", "insecure"]);
    return {
      ...common(pieces),
      keyword: "RUN",
      command: readCommand(pieces.rest),
      heredocs: pieces.heredocs,
      mounts: pieces.flags.flatMap(({ name, value }) => (name === "mount" && value !== undefined ? [value] : [])),
      ...(network !== undefined && { network }),
      ...(security !== undefined && { security }),
    };
  },
  COPY: readCopy,
  ADD: readCopy,
  ARG: (pieces) => ({
    ...common(pieces),
    keyword: "ARG",
    args: splitWords(pieces.rest, pieces.escapeWith).map((word) => {
      const equals = word.indexOf("=");
      const key = equals === -1 ? word : word.slice(0, equals);
      if (key === "") throw complain(pieces.span, `ARG names can not be blank: "${word}"`);
      return equals === -1 ? { key } : { key, value: word.slice(equals + 1) };
    }),
  }),
  ENV: (pieces) => ({ ...common(pieces), keyword: "ENV", pairs: readPairs(pieces) }),
  LABEL: (pieces) => ({ ...common(pieces), keyword: "LABEL", pairs: readPairs(pieces) }),
  CMD: (pieces) => ({ ...common(pieces), keyword: "CMD", command: readCommand(pieces.rest) }),
  ENTRYPOINT: (pieces) => ({ ...common(pieces), keyword: "ENTRYPOINT", command: readCommand(pieces.rest) }),
  EXPOSE: (pieces) => ({ ...common(pieces), keyword: "EXPOSE", words: pieces.rest.split(/\s+/) }),
  VOLUME: (pieces) => {
    const words = parseExecForm(pieces.rest) ?? pieces.rest.split(/\s+/);
    if (words.length === 0 || words.includes(""))
      throw complain(pieces.span, "VOLUME specified can not be an empty string");
    return { ...common(pieces), keyword: "VOLUME", words };
  },
  SHELL: (pieces) => {
    const words = parseExecForm(pieces.rest);
    if (words === undefined || words.length === 0) {
      throw complain(pieces.span, 'SHELL requires the arguments to be in JSON form: SHELL ["/bin/bash", "-c"]');
    }
    return { ...common(pieces), keyword: "SHELL", words };
  },
  USER: (pieces) => ({ ...common(pieces), keyword: "USER", value: pieces.rest }),
  WORKDIR: (pieces) => ({ ...common(pieces), keyword: "WORKDIR", value: pieces.rest }),
  STOPSIGNAL: (pieces) => ({ ...common(pieces), keyword: "STOPSIGNAL", value: pieces.rest }),
  MAINTAINER: (pieces) => ({ ...common(pieces), keyword: "MAINTAINER", value: pieces.rest }),
  HEALTHCHECK: readHealthcheck,
  ONBUILD: (pieces) => {
    const [name = ""] = /^\S+/.exec(pieces.rest) ?? [];
    if (name.toUpperCase() === "ONBUILD")
      throw complain(pieces.span, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (["FROM", "MAINTAINER"].includes(name.toUpperCase())) {
      throw complain(pieces.span, `${name.toUpperCase()} isn't allowed as an ONBUILD trigger`);
    }
    // Read for its errors only: it is evaluated where it is triggered.
    readInstruction({ ...pieces, text: pieces.rest }, pieces.escapeWith);
    const documents = pieces.heredocs.map(({ name: end, content }) => `\n${content}${end}`).join("");
    return { ...common(pieces), keyword: "ONBUILD", trigger: pieces.rest + documents };
  },
};

export const common = ({ span, text }: Pieces) => ({ span, text });

function readCommand(rest: string): Command {
  const exec = parseExecForm(rest);
  return exec === undefined ? { shell: rest } : { exec };
}

/** `k=v k2="v v"`, or the old form `k the rest of the line`. */
function readPairs({ keyword, rest, escapeWith, span }: Pieces): readonly Pair[] {
  const words = splitWords(rest, escapeWith);
  if (words[0]?.includes("=") !== true) {
    const [, key = "", value = ""] = /^(\S+)\s+(.+)$/s.exec(rest) ?? [];
    if (key === "") throw complain(span, `${keyword} must have two arguments`);
    return [{ key, value }];
  }
  return words.map((word) => {
    const equals = word.indexOf("=");
    if (equals === -1) {
      throw complain(span, `Syntax error - can't find = in "${word}". Must be of the form: name=value`);
    }
    if (equals === 0) throw complain(span, `${keyword} names can not be blank`);
    return { key: word.slice(0, equals), value: word.slice(equals + 1) };
  });
}

function choice<T extends string>(pieces: Pieces, name: string, known: readonly T[]): T | undefined {
  const value = flagOf(pieces, name);
  if (value === undefined) return undefined;
  const found = known.find((word) => word === value);
  if (found === undefined)
    throw complain(pieces.span, `invalid value "${value}" for --${name}: expected ${known.join(", ")}`);
  return found;
}

function readHealthcheck(pieces: Pieces): Instruction {
  const { span, rest } = pieces;
  const [kind = ""] = /^\S+/.exec(rest) ?? [];
  const argument = rest.slice(kind.length).trim();
  if (kind.toUpperCase() === "NONE") {
    if (argument !== "") throw complain(span, "HEALTHCHECK NONE takes no arguments");
    return { ...common(pieces), keyword: "HEALTHCHECK", health: { Test: ["NONE"] } };
  }
  if (kind.toUpperCase() !== "CMD")
    throw complain(span, `unknown type "${kind}" in HEALTHCHECK`, "expected CMD or NONE");
  if (argument === "") throw complain(span, "missing command after HEALTHCHECK CMD");
  const retries = flagOf(pieces, "retries");
  if (retries !== undefined && !/^[0-9]+$/.test(retries))
    throw complain(span, `invalid value "${retries}" for --retries`);
  const health: HealthConfig = {
    ...durationFlag(pieces, "interval", "Interval"),
    ...durationFlag(pieces, "timeout", "Timeout"),
    ...durationFlag(pieces, "start-period", "StartPeriod"),
    ...durationFlag(pieces, "start-interval", "StartInterval"),
    ...(retries !== undefined && { Retries: Number(retries) }),
  };
  return { ...common(pieces), keyword: "HEALTHCHECK", health, command: readCommand(argument) };
}

function durationFlag(pieces: Pieces, flag: string, field: keyof HealthConfig): HealthConfig {
  const value = flagOf(pieces, flag);
  if (value === undefined) return {};
  const duration = parseDuration(value);
  if (duration === undefined)
    throw complain(pieces.span, `invalid duration "${value}" for --${flag}`, "for example 30s or 1m30s");
  if (duration !== 0 && duration < 1_000_000) throw complain(pieces.span, `--${flag} cannot be less than 1ms`);
  return { [field]: duration };
}
