import type { Span } from "../errors.ts";

/** Longer texts are not searched: they may use thousands of variables. */
const longestSearched = 2000;

/**
 * The place of a variable within the text that uses it, as far as the text stands in the file as it is; else the text's
 * own place.
 */
export function variableSpan(span: Span, name: string): Span {
  if (span.end - span.start > longestSearched) return span;
  const written = span.source.text.slice(span.start, span.end);
  const use = new RegExp(`(?<!\\$)(?:\\$\\$)*(\\$(?:${name}(?!\\w)|\\{${name}(?:\\}|[^\\w{}][^{}]*\\}?)))`).exec(
    written,
  );
  const found = use?.[1];
  if (use === null || found === undefined) return span;
  const start = span.start + use.index + use[0].length - found.length;
  return { ...span, start, end: start + found.length };
}
