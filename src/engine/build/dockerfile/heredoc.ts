/** Here-documents as a Dockerfile's lines announce them: `<<EOF`, `<<-EOF`, `<<"EOF"`, `3<<EOF`. Pure. */

import { splitWords, unquote } from "./words.ts";

export interface Heredoc {
  /** The line that ends it; for COPY and ADD also the name of the file. */
  readonly name: string;
  /** The file descriptor that it is given to: `3<<EOF`. */
  readonly descriptor: string;
  /** Variables in it are expanded: its name is not quoted. */
  readonly expand: boolean;
  /** Tabs at the beginning of its lines are dropped (`<<-`). */
  readonly chomp: boolean;
  /** Its lines, each with its line break; empty until it is read. */
  readonly content: string;
}

const keywords = /^(?:onbuild\s+)?(?:run|copy|add)\s/i;

/** Only these instructions take here-documents; for all others `<<` is text. */
export const mayHoldHeredocs = (line: string): boolean => keywords.test(line);

/** Those that a line announces, in order. */
export function heredocsOf(line: string, escapeWith: string): readonly Heredoc[] {
  return splitWords(line, escapeWith).flatMap((word) => parseHeredoc(word, escapeWith) ?? []);
}

/** The here-document that a word announces, undefined where it announces none. */
export function parseHeredoc(word: string, escapeWith: string): Heredoc | undefined {
  const [, descriptor = "", dash = "", rest = ""] = /^([0-9]*)<<(-?)([^<]*)$/.exec(word) ?? [];
  if (rest === "") return undefined;
  const name = unquote(rest, escapeWith);
  return name === "" ? undefined : { name, descriptor, expand: name === rest, chomp: dash !== "", content: "" };
}
