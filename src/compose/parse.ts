import { Composer } from "yaml";
import type { Diagnostic, Source } from "../errors.ts";
import { problem } from "./codes.ts";
import { convertDocument } from "./convert.ts";
import type { MappingNode, Path } from "./node.ts";
import { tokens } from "./tokens.ts";

/** What does not parse at the beginning seldom parses further on: later errors say nothing more. */
const mostErrors = 100;

/** One YAML document of a file. */
export interface ParsedDocument {
  readonly root: MappingNode;
  /** Paths of `!reset` and `!override`: what earlier files say there is deleted before this document is merged. */
  readonly resets: readonly Path[];
}

export interface Parsed {
  readonly documents: readonly ParsedDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Parses a compose file: every YAML document in it, as trees with the place of every node. Anchors, aliases and merge
 * keys are resolved, `!reset` nodes removed. A file without any content has no documents.
 * Source: YAML 1.2.2, with the scalar types of go-yaml v4 (scalar.ts).
 */
export function parse(source: Source): Parsed {
  const documents: ParsedDocument[] = [];
  const diagnostics: Diagnostic[] = [];
  const read = tokens(source);
  if (read.fault !== undefined) return { documents, diagnostics: [read.fault] };
  const composer = new Composer({ schema: "failsafe", prettyErrors: false, uniqueKeys: false, logLevel: "silent" });
  for (const document of composer.compose(read.tokens)) {
    if (document.errors.length > 0) {
      for (const error of document.errors.slice(0, mostErrors)) diagnostics.push(syntaxProblem(error, source));
    } else {
      const converted = convertDocument(document.contents, source, document.directives.docStart === true);
      for (const diagnostic of converted.diagnostics) diagnostics.push(diagnostic);
      if (converted.root !== undefined) documents.push({ root: converted.root, resets: converted.resets });
    }
    if (diagnostics.length > mostErrors) break;
  }
  return { documents, diagnostics };
}

function syntaxProblem(error: { message: string; pos: [number, number]; code: string }, source: Source): Diagnostic {
  const [start, end] = error.pos;
  const span = { source, start, end: Math.max(end, start + 1) };
  if (error.code === "TAB_AS_INDENT") {
    return problem("yaml-syntax", "found a tab character that violates indentation", span, "indent with spaces");
  }
  const message = error.message.replace(/\s+/g, " ").replace(/\.$/, "");
  return problem("yaml-syntax", message.charAt(0).toLowerCase() + message.slice(1), span);
}
