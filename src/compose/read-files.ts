import type { Diagnostic, Span } from "../errors.ts";
import { interpolate } from "./interpolate.ts";
import { type ParsedDocument, parse } from "./parse.ts";
import type { LocateRemote } from "./remote.ts";
import { decodeSource, readSource } from "./source.ts";
import type { Stage } from "./stage.ts";

/** A file's documents as they are written, or what is wrong with the file as a whole. */
interface ReadFile {
  readonly documents: readonly ParsedDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads and parses files, each once. */
export type FileReader = (path: string) => Promise<ReadFile>;

/** @param readStdin gives standard input, for the path `-` */
export function fileReader(readStdin: (() => Promise<string>) | undefined): FileReader {
  const files = new Map<string, Promise<ReadFile>>();
  const read = async (path: string): Promise<ReadFile> => {
    const found =
      path === "-" && readStdin !== undefined
        ? decodeSource(path, Buffer.from(await readStdin()))
        : await readSource(path);
    return found.source === undefined ? { documents: [], diagnostics: [found.problem] } : parse(found.source);
  };
  return (path) => {
    const known = files.get(path) ?? read(path);
    files.set(path, known);
    return known;
  };
}

export interface StageOptions
  extends Pick<
    Stage,
    | "projectDirectory"
    | "environment"
    | "interpolates"
    | "resolvesPaths"
    | "resolvesEnvironment"
    | "report"
    | "explain"
    | "effort"
  > {
  readonly reader: FileReader;
  readonly locateRemote: LocateRemote;
  readonly includeTrail: readonly string[];
}

/** What the stages of a model share, over files that are read once and interpolated for each environment. */
export function makeStage(options: StageOptions): Stage {
  const { reader, environment, report } = options;
  const interpolated = new Map<string, Promise<readonly ParsedDocument[] | undefined>>();
  const lookup = (name: string) => environment.get(name);

  const read = async (path: string, span: Span | undefined) => {
    if (!options.effort.open(span)) return undefined;
    const file = await reader(path);
    for (const diagnostic of file.diagnostics) report(span && !diagnostic.span ? { ...diagnostic, span } : diagnostic);
    if (file.diagnostics.some(({ severity }) => severity === "error")) return undefined;
    if (!options.interpolates) return file.documents;
    return file.documents.map(({ root, resets }) => {
      const { node, diagnostics } = interpolate(root, lookup);
      for (const diagnostic of diagnostics) report(diagnostic);
      return { root: node, resets };
    });
  };

  return {
    ...options,
    home: environment.get("HOME") ?? "",
    read: (path, span) => {
      const known = interpolated.get(path) ?? read(path, span);
      interpolated.set(path, known);
      return known;
    },
    locate: (text, span) => options.locateRemote(text, span, report),
    within: (directory, inner, mainFile) =>
      makeStage({
        ...options,
        projectDirectory: directory,
        environment: inner,
        includeTrail: [...options.includeTrail, mainFile],
      }),
  };
}
