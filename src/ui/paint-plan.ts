import type { Colour, Style } from "./style.ts";

/** What is made is green, what is changed yellow, what goes red, what is waited for dim. */
const colours: ReadonlyMap<string, Colour> = new Map([
  ["create", "green"],
  ["start", "green"],
  ["pull", "green"],
  ["build", "green"],
  ["connect", "green"],
  ["update", "yellow"],
  ["restart", "yellow"],
  ["rename", "yellow"],
  ["stop", "red"],
  ["remove", "red"],
  ["disconnect", "red"],
  ["kill", "red"],
  ["wait", "dim"],
  ["run", "dim"],
]);

/** A plan's text (reconcile/format.ts) with each step in the colour of what it does. */
export function paintPlan(text: string, style: Style): string {
  return text
    .split("\n")
    .map((line) => {
      const [, word = ""] = /^ *\d+ {2}(\w+) /.exec(line) ?? [];
      const colour = colours.get(word);
      return colour === undefined ? line : style(colour, line);
    })
    .join("\n");
}
