import { describe, expect, it } from "vitest";
import { expand } from "../../../src/engine/build/expand.ts";

const values = new Map([
  ["file", "archive.tar.gz"],
  ["path", "/usr/local/lib"],
  ["empty", ""],
  ["dots", "a.b*c"],
]);
const plain = (word: string) => expand(word, (name) => values.get(name), { escapeWith: "\\" });

describe("a word's variables", () => {
  const cases: readonly (readonly [word: string, expected: string])[] = [
    ["$file", "archive.tar.gz"],
    ["$file.bak", "archive.tar.gz.bak"],
    ["{file}x", "archive.tar.gzx"],
    ["$none|", "|"],
    ["$ $", "$ $"],
    ["100%", "100%"],
    ["\\$file", "$file"],
    ["'$file'", "$file"],
    ['"$file \\" \\n"', 'archive.tar.gz " \\n'],
    ["a\\ b", "a b"],
    ["{none:-x}", "x"],
    ["{empty:-x}", "x"],
    ["{empty-x}", ""],
    ["{file:-x}", "archive.tar.gz"],
    [`{none:-a$empty$\{path}b}`, "a/usr/local/libb"],
    ["{none:+x}", ""],
    ["{file:+x}", "x"],
    ["{empty:+x}", ""],
    ["{empty+x}", "x"],
    ["{file#*.}", "tar.gz"],
    ["{file##*.}", "gz"],
    ["{file%.*}", "archive.tar"],
    ["{file%%.*}", "archive"],
    ["{file%nothing}", "archive.tar.gz"],
    ["{path/l/L}", "/usr/Local/lib"],
    ["{path//l/L}", "/usr/LocaL/Lib"],
    ["{path//\\//-}", "-usr-local-lib"],
    ["{dots#a.}", "b*c"],
    ["{dots/\\*/+}", "a.b+c"],
    ["{file/?r/X}", "Xchive.tar.gz"],
    ["{file?needed}", "archive.tar.gz"],
  ];
  it.each(cases)("%s", (word, expected) => {
    const text = word.startsWith("{") ? `$${word}` : word;
    expect(plain(text)).toBe(expected);
  });

  const errors: readonly (readonly [word: string, message: string])[] = [
    ["{none?give it}", "none: give it"],
    ["{none?}", "none: not allowed to be unset"],
    ["{empty:?}", "empty: not allowed to be empty"],
    ["{}", "bad substitution"],
    ["{file", "missing '}'"],
    ["{file:x}", "unsupported modifier (:x) in substitution"],
    ["{file^}", "unsupported modifier"],
    ["{none:-x", "missing '}'"],
  ];
  it.each(errors)("$%s is an error", (word, message) => {
    expect(() => plain(`$${word}`)).toThrow(message);
  });

  it("are errors where a quote is open", () => {
    expect(() => plain("'x")).toThrow("single-quote");
    expect(() => plain('"x')).toThrow("double-quote");
  });

  it("keep quotes in a here-document", () => {
    const raw = (text: string) => expand(text, (name) => values.get(name), { escapeWith: "\\", raw: true });
    expect(raw("'$file' \"x\" \\n \\$file\n")).toBe("'archive.tar.gz' \"x\" n $file\n");
  });
});
