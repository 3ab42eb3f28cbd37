/**
 * A check of a Dockerfile as BuildKit's frontend answers it: documents in the metadata of a result.
 * Source: moby/buildkit, frontend/subrequests/lint/lint.go.
 */

import { placeOf, type Source, type Span } from "../../../errors.ts";
import { DockerfileError } from "../dockerfile/complain.ts";
import { lint, lintRules } from "../dockerfile/lint.ts";
import { prepare } from "../prepare.ts";
import type { BuildRequest } from "../request.ts";

/** What is asked for by this name. */
export const lintRequest = "frontend.lint";

/** EngineError 400 for what is wrong, but not at a place in the Dockerfile. Pure. */
export function lintResult(source: Source, request: BuildRequest): ReadonlyMap<string, string> {
  const { warnings, error } = check(source, request);
  const data = Buffer.from(source.text).toString("base64");
  const document = {
    warnings: warnings.map(({ rule, detail, span }) => ({
      ruleName: rule,
      description: lintRules[rule],
      url: `https://docs.docker.com/go/dockerfile/rule/${inWords(rule)}/`,
      detail,
      location: locationOf(span),
    })),
    sources: [{ filename: source.path, data, language: "Dockerfile" }],
    ...(error !== undefined && { buildError: { message: error.message, location: locationOf(error.span) } }),
  };
  const lines = warnings.map(({ rule, detail, span }) => `${source.path}:${linesOf(span)[0]}: ${rule}: ${detail}`);
  const text = [...lines, ...(error === undefined ? [] : [error.message])].map((line) => `${line}\n`).join("");
  return new Map([
    ["result.json", JSON.stringify(document, null, 2)],
    ["result.txt", text],
    ["result.statuscode", text === "" ? "0" : "1"],
    ["version", "1.0.0"],
  ]);
}

function check(source: Source, request: BuildRequest) {
  try {
    return { warnings: lint(prepare(source, request).dockerfile), error: undefined };
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    return { warnings: [], error };
  }
}

/** `JSONArgsRecommended` is `json-args-recommended`. */
const inWords = (rule: string): string =>
  rule.replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, "$1$3-$2$4").toLowerCase();

function linesOf({ source, start, end }: Span): readonly [number, number] {
  return [placeOf(source.text, start).line, placeOf(source.text, Math.max(start, end - 1)).line];
}

export function locationOf(span: Span) {
  const [from, to] = linesOf(span);
  return { ranges: [{ start: { line: from }, end: { line: to } }] };
}
