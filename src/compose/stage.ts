import type { Diagnostic, Note, Span } from "../errors.ts";
import type { Effort } from "./effort.ts";
import type { ParsedDocument } from "./parse.ts";
import type { Located } from "./remote.ts";

/** What the stages of one model share: the root project's, or an included one's. */
export interface Stage {
  /** Absolute; relative paths of the model start here. */
  readonly projectDirectory: string;
  /** What interpolation sees. */
  readonly environment: ReadonlyMap<string, string>;
  readonly home: string;
  readonly interpolates: boolean;
  readonly resolvesPaths: boolean;
  readonly resolvesEnvironment: boolean;
  /** Main files of the includes that led here, outermost first. */
  readonly includeTrail: readonly string[];
  /** Reads, parses and interpolates a file; undefined when it cannot be read (which was reported, at `span`). */
  readonly read: (path: string, span: Span | undefined) => Promise<readonly ParsedDocument[] | undefined>;
  readonly report: (diagnostic: Diagnostic) => void;
  readonly effort: Effort;
  /** Says why a file is read: the place that includes or extends it. */
  readonly explain: (path: string, reason: Note) => void;
  /** Fetches what a remote path names (git, OCI) and says where it is now; undefined for a path of this machine. */
  readonly locate: (path: string, span: Span | undefined) => Promise<Located | undefined>;
  /** The same for an included model: another directory and environment. */
  readonly within: (directory: string, environment: ReadonlyMap<string, string>, mainFile: string) => Stage;
}
