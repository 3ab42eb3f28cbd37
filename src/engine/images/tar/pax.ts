/** PAX records: `<length> <key>=<value>\n`, where the length counts itself. Source: POSIX.1-2024, pax, "pax Extended Header". */

import { TarError } from "./entry.ts";

/** Text is bytes (latin1). Throws TarError for a record that is cut off or has no `=`. */
export function decodePax(text: string): Map<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    const space = text.indexOf(" ", at);
    const digits = text.slice(at, space);
    const length = Number(digits);
    const end = at + length;
    const equals = text.indexOf("=", space);
    if (space === -1 || !/^[0-9]{1,9}$/.test(digits) || end > text.length || text[end - 1] !== "\n") {
      throw new TarError("a PAX header is damaged");
    }
    if (equals === -1 || equals >= end) throw new TarError("a PAX header has a record without a value");
    records.set(text.slice(space + 1, equals), text.slice(equals + 1, end - 1));
    at = end;
  }
  return records;
}

export function encodePax(records: ReadonlyMap<string, string>): string {
  let text = "";
  for (const [key, value] of records) {
    const rest = key.length + value.length + 3;
    let length = rest + String(rest).length;
    if (String(length).length > String(rest).length) length++;
    text += `${length} ${key}=${value}\n`;
  }
  return text;
}
