/** COPY and ADD. Pure. */

import { complain } from "./complain.ts";
import { parseHeredoc } from "./heredoc.ts";
import type { Copy } from "./instruction.ts";
import { common, flagOf, type Pieces } from "./read-instruction.ts";
import { parseExecForm } from "./words.ts";

export function readCopy(pieces: Pieces): Copy {
  const { escapeWith, flags, span } = pieces;
  const keyword = pieces.keyword === "ADD" ? "ADD" : "COPY";
  const words = parseExecForm(pieces.rest) ?? pieces.rest.split(/\s+/);
  const destination = words.at(-1);
  if (words.length < 2 || destination === undefined)
    throw complain(span, `${keyword} requires at least two arguments: a source and the destination`);
  const heredocs = pieces.heredocs;
  if (parseHeredoc(destination, escapeWith) !== undefined)
    throw complain(span, `${keyword} cannot accept a here-document as its destination`);
  const unpack = switchOf(pieces, "unpack");
  return {
    ...common(pieces),
    keyword,
    sources: words.slice(0, -1).filter((word) => parseHeredoc(word, escapeWith) === undefined),
    heredocs,
    destination,
    ...optional("from", flagOf(pieces, "from")),
    ...optional("chown", flagOf(pieces, "chown")),
    ...optional("chmod", flagOf(pieces, "chmod")),
    ...optional("checksum", flagOf(pieces, "checksum")),
    link: switchOf(pieces, "link") ?? false,
    parents: switchOf(pieces, "parents") ?? false,
    keepGitDir: switchOf(pieces, "keep-git-dir") ?? false,
    ...(unpack !== undefined && { unpack }),
    exclude: flags.flatMap(({ name, value }) => (name === "exclude" && value !== undefined ? [value] : [])),
  };
}

function optional<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  const made: { [P in K]?: string } = {};
  if (value !== undefined) made[key] = value;
  return made;
}

/** A flag that is `true` alone, or says `true` or `false`. */
function switchOf({ flags, span, keyword }: Pieces, name: string): boolean | undefined {
  const flag = flags.find((candidate) => candidate.name === name);
  if (flag === undefined) return undefined;
  if (flag.value === undefined || flag.value === "true") return true;
  if (flag.value === "false") return false;
  throw complain(span, `${keyword}: --${name} expects true or false, not "${flag.value}"`);
}
