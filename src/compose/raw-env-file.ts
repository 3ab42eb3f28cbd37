import type { Source } from "../errors.ts";

/**
 * Reads an env file of `format: raw`, by the rules of `docker run --env-file`: one `KEY=VALUE` per line, the value taken
 * as it stands (quotes, `$` and trailing blanks included); blank lines and lines that start with `#` are skipped; `KEY`
 * alone takes the value that `lookup` knows, or is skipped.
 *
 * @returns the entries, and what is wrong with a line (the text's offsets are those of the line)
 */
export function parseRawEnv(
  source: Source,
  lookup: (name: string) => string | undefined,
): { entries: Map<string, string>; errors: { message: string; start: number; end: number }[] } {
  const entries = new Map<string, string>();
  const errors: { message: string; start: number; end: number }[] = [];
  let start = 0;
  for (const written of source.text.split("\n")) {
    const end = start + written.length;
    const line = written
      .replace(/^\uFEFF/, "")
      .replace(/\r$/, "")
      .trimStart();
    if (line !== "" && !line.startsWith("#")) {
      const at = line.indexOf("=");
      const key = at === -1 ? line : line.slice(0, at);
      const value = at === -1 ? lookup(key) : line.slice(at + 1);
      if (key === "") errors.push({ message: `no variable name on line '${line}'`, start, end });
      else if (/\s/.test(key)) errors.push({ message: `variable '${key}' contains whitespaces`, start, end });
      else if (value !== undefined) entries.set(key, value);
    }
    start = end + 1;
  }
  return { entries, errors };
}
