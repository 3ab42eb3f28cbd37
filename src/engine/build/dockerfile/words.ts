/** How the text behind an instruction's name falls into flags, words and JSON. Pure. */

export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** Undefined where there is no `=`. */
  readonly value?: string;
}

/** The flags right behind the instruction's name, and what follows them. A bare `--` ends them. */
export function splitFlags(
  text: string,
  escapeWith: string,
): { readonly flags: readonly Flag[]; readonly rest: string } {
  const flags: Flag[] = [];
  let rest = text.trimStart();
  while (rest.startsWith("--")) {
    const end = endOfWord(rest, escapeWith);
    const word = rest.slice(0, end);
    rest = rest.slice(end).trimStart();
    if (word === "--") break;
    const plain = unquote(word.slice(2), escapeWith);
    const equals = plain.indexOf("=");
    flags.push(equals === -1 ? { name: plain } : { name: plain.slice(0, equals), value: plain.slice(equals + 1) });
  }
  return { flags, rest };
}

/** Words between white space; quotes and escapes hold a word together, and stay in it. */
export function splitWords(text: string, escapeWith: string): readonly string[] {
  const words: string[] = [];
  let rest = text.trimStart();
  while (rest !== "") {
    const end = endOfWord(rest, escapeWith);
    words.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return words;
}

/** Where the word that a text begins with ends. */
function endOfWord(text: string, escapeWith: string): number {
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? "";
    if (char === escapeWith && quote !== "'") i++;
    else if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === "'" || char === '"') quote = char;
    else if (/\s/.test(char)) return i;
  }
  return text.length;
}

/** Without its quotes; escaped characters as themselves. */
export function unquote(word: string, escapeWith: string): string {
  let plain = "";
  let quote = "";
  for (let i = 0; i < word.length; i++) {
    const char = word[i] ?? "";
    if (char === escapeWith && quote !== "'" && i + 1 < word.length) plain += word[++i];
    else if (quote === "" && (char === "'" || char === '"')) quote = char;
    else if (char === quote) quote = "";
    else plain += char;
  }
  return plain;
}

/** `["a", "b"]`: the exec form. Undefined for what is no JSON array of texts: then it is a text for the shell. */
export function parseExecForm(text: string): readonly string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}
