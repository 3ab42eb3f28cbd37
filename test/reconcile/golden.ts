import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";

/**
 * Defines a test for each golden case (`*.txt`) of a directory: a sentence as title, then named sections. What follows from
 * the given sections is compared with the rest of the file, or written there with UPDATE=1.
 *
 * @param outputs names of the sections that are written, not given
 */
export function goldenCases(
  directory: URL,
  outputs: readonly string[],
  golden: (given: ReadonlyMap<string, string>) => string,
): void {
  const output = new RegExp(`^-- (${outputs.join("|")}) --\n[\\s\\S]*$`, "m");
  for (const file of readdirSync(directory).sort()) {
    if (!file.endsWith(".txt")) continue;
    const path = new URL(file, directory);
    const text = readFileSync(path, "utf8");
    it(`${text.slice(0, text.indexOf("\n"))} (${file})`, () => {
      const given = text.replace(output, "");
      const actual = given + golden(sections(given));
      if (process.env.UPDATE === "1") writeFileSync(path, actual);
      else expect(actual).toBe(text);
    });
  }
}

/** The named sections of a case. */
export function sections(text: string): ReadonlyMap<string, string> {
  const parts = text.split(/^-- (.+) --\n/m).slice(1);
  return new Map(parts.flatMap((name, i) => (i % 2 === 0 ? [[name, parts[i + 1] ?? ""] as const] : [])));
}
