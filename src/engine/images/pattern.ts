/** Shell patterns as Go's path.Match has them: `*` and `?` match no slash, `[a-z]` and `[^a]` one character. Pure. */

export const hasWildcards = (text: string): boolean => /[*?[]/.test(text.replace(/\\./g, ""));

/** Throws RangeError for a pattern that is none. */
export function patternExpression(pattern: string): RegExp {
  let expression = "";
  for (const [token] of pattern.matchAll(/\\.|\[[^\]]*\]|./gs)) {
    if (token === "*") expression += "[^/]*";
    else if (token === "?") expression += "[^/]";
    else if (token.startsWith("[") && token.length > 1) expression += token;
    else expression += token.replace(/^\\(.)/s, "$1").replace(/[^\w]/, "\\$&");
  }
  try {
    return new RegExp(`^${expression}$`, "s");
  } catch (error) {
    throw new RangeError(`"${pattern}" is not a pattern`, { cause: error });
  }
}
