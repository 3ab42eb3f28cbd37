import { parseAllDocuments } from "yaml";
import type { Diagnostic, Source } from "../errors.ts";
import { problem } from "./codes.ts";
import { convertDocument } from "./convert.ts";
import type { MappingNode, Path } from "./node.ts";

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
  const parsed = parseAllDocuments(source.text, {
    schema: "failsafe",
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "silent",
  });
  if (!Array.isArray(parsed)) return { documents, diagnostics };
  for (const document of parsed) {
    if (document.errors.length > 0) {
      diagnostics.push(...document.errors.map((error) => syntaxProblem(error, source)));
      continue;
    }
    const converted = convertDocument(document.contents, source, document.directives?.docStart === true);
    diagnostics.push(...converted.diagnostics);
    if (converted.root !== undefined) documents.push({ root: converted.root, resets: converted.resets });
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
