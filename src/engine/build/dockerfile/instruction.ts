/** The instructions of a Dockerfile. Texts are as written: variables are expanded when a stage is evaluated. */

import type { Span } from "../../../errors.ts";
import type { HealthConfig } from "../../api.ts";
import type { Heredoc } from "./heredoc.ts";
import type { Flag } from "./words.ts";

/** What a container runs: arguments, or a text for the shell. */
export type Command = { readonly exec: readonly string[] } | { readonly shell: string };

export interface Pair {
  readonly key: string;
  readonly value: string;
}

interface Common {
  /** From its name to its end, here-documents included. */
  readonly span: Span;
  /** As written, continuations joined: what progress lines and errors show. */
  readonly text: string;
}

export interface From extends Common {
  readonly keyword: "FROM";
  readonly image: string;
  readonly platform?: string;
  /** `AS name`, in lower case. */
  readonly name?: string;
}

export interface Run extends Common {
  readonly keyword: "RUN";
  readonly command: Command;
  readonly heredocs: readonly Heredoc[];
  /** The values of `--mount`. */
  readonly mounts: readonly string[];
  readonly network?: "default" | "none" | "host";
  readonly security?: "sandbox" | "insecure";
}

export interface Copy extends Common {
  readonly keyword: "COPY" | "ADD";
  readonly sources: readonly string[];
  /** Files whose content stands in the Dockerfile. */
  readonly heredocs: readonly Heredoc[];
  readonly destination: string;
  readonly from?: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  /** ADD only. */
  readonly checksum?: string;
  readonly keepGitDir: boolean;
  /** ADD only: unpack, or do not, whatever the source is. */
  readonly unpack?: boolean;
}

export interface Arg extends Common {
  readonly keyword: "ARG";
  readonly args: readonly { readonly key: string; readonly value?: string }[];
}

export interface Pairs extends Common {
  readonly keyword: "ENV" | "LABEL";
  readonly pairs: readonly Pair[];
}

export interface Program extends Common {
  readonly keyword: "CMD" | "ENTRYPOINT";
  readonly command: Command;
}

export interface Words extends Common {
  readonly keyword: "EXPOSE" | "VOLUME" | "SHELL";
  readonly words: readonly string[];
}

export interface Text extends Common {
  readonly keyword: "USER" | "WORKDIR" | "STOPSIGNAL" | "MAINTAINER";
  readonly value: string;
}

export interface Healthcheck extends Common {
  readonly keyword: "HEALTHCHECK";
  /** Without `Test` for a command in shell form, which `command` holds then. */
  readonly health: HealthConfig;
  readonly command?: Command;
}

export interface Onbuild extends Common {
  readonly keyword: "ONBUILD";
  /** The instruction for builds based on this image, as text. */
  readonly trigger: string;
}

export type Instruction = From | Run | Copy | Arg | Pairs | Program | Words | Text | Healthcheck | Onbuild;

export type Keyword = Instruction["keyword"];

export const keywords: readonly Keyword[] = [
  "ADD",
  "ARG",
  "CMD",
  "COPY",
  "ENTRYPOINT",
  "ENV",
  "EXPOSE",
  "FROM",
  "HEALTHCHECK",
  "LABEL",
  "MAINTAINER",
  "ONBUILD",
  "RUN",
  "SHELL",
  "STOPSIGNAL",
  "USER",
  "VOLUME",
  "WORKDIR",
];

export type { Flag };
