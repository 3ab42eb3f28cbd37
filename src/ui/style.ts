const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

export type Colour = keyof typeof codes;

/** Puts a text in a colour, or leaves it as it is where the output takes none. */
export type Style = (colour: Colour | readonly Colour[], text: string) => string;

/** A style for an output that takes ANSI colours, or for one that does not. */
export function makeStyle(enabled: boolean): Style {
  if (!enabled) return (_, text) => text;
  return (colour, text) => {
    const names = typeof colour === "string" ? [colour] : colour;
    return names.reduceRight((inner, name) => `\x1b[${codes[name][0]}m${inner}\x1b[${codes[name][1]}m`, text);
  };
}

export type AnsiMode = "never" | "always" | "auto";

/**
 * Whether an output takes colours. A non-empty NO_COLOR (https://no-color.org) wins over everything, then the mode, and
 * `auto` asks whether it is a terminal that is not called dumb.
 */
export function takesColour(
  mode: AnsiMode,
  stream: { readonly isTTY?: boolean | undefined },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (environment.NO_COLOR) return false;
  if (mode !== "auto") return mode === "always";
  return stream.isTTY === true && environment.TERM !== "dumb";
}
