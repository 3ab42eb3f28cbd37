import { describe, expect, it } from "vitest";
import { splitWords } from "../../../src/compose/short/shell-words.ts";

describe("a command line", () => {
  it.each([
    ["echo a  b", ["echo", "a", "b"]],
    ["", []],
    ["  ", []],
    ["echo ''", ["echo", ""]],
    ['echo "" x', ["echo", "", "x"]],
    [`a'b c'd`, ["ab cd"]],
    [`"a 'b' c"`, ["a 'b' c"]],
    [`'a "b" c'`, ['a "b" c']],
    ["a\\ b", ["a b"]],
    ["a\\tb\\nc\\xd", ["a\tb\ncxd"]],
    [`'a\\tb'`, ["a\\tb"]],
    [`"a\\"b"`, ['a"b']],
    ["a\nb\tc\r\nd", ["a", "b", "c", "d"]],
    ["echo $HOME *.txt #x", ["echo", "$HOME", "*.txt", "#x"]],
    ["echo $(date +%s) b", ["echo", "$(date +%s)", "b"]],
    ["echo `date +%s` b", ["echo", "`date +%s`", "b"]],
    ["echo x=$(a b)c", ["echo", "x=$(a b)c"]],
    ["é ü", ["é", "ü"]],
  ])("%j is the words %j", (line, words) => {
    expect(splitWords(line)).toEqual({ value: words });
  });

  it.each([
    ["echo a && echo b", ["echo", "a"]],
    ["echo a; echo b", ["echo", "a"]],
    ["cat x | wc", ["cat", "x"]],
    ["cat <x", ["cat"]],
    ["run 2>/dev/null", ["run"]],
    ["run a2>x", ["run", "a2"]],
    [`echo "a && b" c`, ["echo", "a && b", "c"]],
    ["echo $(a | b) c", ["echo", "$(a | b)", "c"]],
  ])("%j ends at the first operator: %j", (line, words) => {
    expect(splitWords(line)).toEqual({ value: words });
  });

  it.each(["echo 'a", 'echo "a', "echo a\\", "echo (a)", "echo a)", "echo $(a", "echo `a", "echo $(a (b))"])(
    "%j is refused",
    (line) => {
      expect(splitWords(line).error).toBe("invalid command line string");
    },
  );
});
