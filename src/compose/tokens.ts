import { CST, Lexer, Parser } from "yaml";
import type { Source } from "../errors.ts";
import { problem } from "./codes.ts";

/** A project of 1250 services with 25 attributes each has about as many. */
const tokenLimit = 250_000;
/** Deeper nesting than this is no compose file, and would exhaust the stack. */
export const depthLimit = 200;

/**
 * The YAML library's tokens of a text, or why there are too many of them or they nest too deeply: what takes memory and
 * stack out of proportion is refused before a tree is made of it.
 */
export function tokens(source: Source): { tokens: readonly CST.Token[]; fault?: ReturnType<typeof problem> } {
  const parser = new Parser();
  const found: CST.Token[] = [];
  let count = 0;
  let offset = 0;
  for (const lexeme of new Lexer().lex(source.text)) {
    for (const token of parser.next(lexeme)) found.push(token);
    if (!isMark(lexeme)) offset += lexeme.length;
    const span = { source, start: Math.max(0, offset - lexeme.length), end: offset };
    if (++count > tokenLimit) {
      const message = `the file has more than ${tokenLimit} tokens`;
      return { tokens: [], fault: problem("too-many-nodes", message, span, "split it, and include the parts") };
    }
    // A level of the document takes two entries of the parser's stack.
    if (parser.stack.length > 2 * depthLimit) {
      const message = `nested deeper than ${depthLimit} levels`;
      return { tokens: [], fault: problem("too-deep", message, span, "nothing in the format is") };
    }
  }
  for (const token of parser.end()) found.push(token);
  return { tokens: found };
}

/** Whether a lexeme is one of the lexer's own marks, which stand for no text. */
function isMark(lexeme: string): boolean {
  return lexeme === CST.DOCUMENT || lexeme === CST.FLOW_END || lexeme === CST.SCALAR;
}
