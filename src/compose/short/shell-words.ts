import type { Parsed } from "./parsed.ts";

const failure = {
  error: "invalid command line string",
  hint: "close every quote and parenthesis, or write the command as a list",
} as const;

/**
 * Splits a command line into words, as go-shellwords 1.0.14 does (no variables, no globbing, no comments):
 *
 * - space, tab, CR and LF separate; `'…'` is literal; `"…"` groups; `""` is an empty word
 * - a backslash outside single quotes takes the next character as it is, but `\t` is a tab and `\n` a line feed
 * - `$(…)` and `` `…` `` stay in their word as they are, spaces included
 * - an unquoted `;` `&` `|` `<` `>` ends the command: what follows is dropped
 */
export function splitWords(line: string): Parsed<readonly string[]> {
  const words: string[] = [];
  let word = "";
  let started = false;
  let escaped = false;
  let doubleQuoted = false;
  let singleQuoted = false;
  let backQuoted = false;
  let substituted = false;

  for (const char of line) {
    if (escaped) {
      word += char === "t" ? "\t" : char === "n" ? "\n" : char;
      escaped = false;
      started = true;
      continue;
    }
    if (char === "\\" && !singleQuoted) {
      escaped = true;
      continue;
    }
    const quoted = singleQuoted || doubleQuoted || backQuoted || substituted;
    if (char === " " || char === "\t" || char === "\r" || char === "\n") {
      if (quoted) word += char;
      else if (started) {
        words.push(word);
        word = "";
        started = false;
      }
      continue;
    }
    if (char === '"' && !singleQuoted && !substituted) {
      if (doubleQuoted) started = true;
      doubleQuoted = !doubleQuoted;
      continue;
    }
    if (char === "'" && !doubleQuoted && !substituted) {
      if (singleQuoted) started = true;
      singleQuoted = !singleQuoted;
      continue;
    }
    if (char === "`" && !singleQuoted && !doubleQuoted && !substituted) backQuoted = !backQuoted;
    else if (char === ")" && !singleQuoted && !doubleQuoted && !backQuoted) substituted = !substituted;
    else if (char === "(" && !singleQuoted && !doubleQuoted && !backQuoted) {
      if (substituted || !word.endsWith("$")) return failure;
      substituted = true;
    } else if (!quoted && ";&|<>".includes(char)) {
      // A redirection's number ("2>") goes with it.
      if (char === ">" && /^[0-9]/.test(word)) started = false;
      break;
    }
    started = true;
    word += char;
  }

  if (escaped || singleQuoted || doubleQuoted || backQuoted || substituted) return failure;
  if (started) words.push(word);
  return { value: words };
}
