/** What is to be built, and how a build fails, whoever builds it: what a `build` section says, with its paths absolute and nothing left to look up. */

import { GantryError } from "../errors.ts";

export interface BuildOrder {
  /** What the order is called among others: the service's name. */
  readonly name: string;
  /** References that the image gets, the last one first of all. */
  readonly tags: readonly string[];
  /** An absolute directory, or a URL that the builder fetches itself. */
  readonly context: string;
  /** Absolute, or relative to a context that is a URL; absent with `dockerfileInline`. */
  readonly dockerfile?: string;
  readonly dockerfileInline?: string;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly target?: string;
  /** Platforms, `linux/arm64`; absent: the builder's own. */
  readonly platforms?: readonly string[];
  /** The one that is wanted most: the image is to run on it. */
  readonly platform?: string;
  readonly noCache?: boolean;
  /** Stages that are built anew. */
  readonly noCacheFilter?: readonly string[];
  /** Look for newer base images. */
  readonly pull?: boolean;
  /** References, or `type=registry,ref=…`. */
  readonly cacheFrom?: readonly string[];
  readonly cacheTo?: readonly string[];
  readonly network?: string;
  readonly isolation?: string;
  /** Bytes. */
  readonly memory?: number;
  /** Bytes. */
  readonly shmSize?: number;
  readonly ulimits?: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  /** Host → its addresses. */
  readonly extraHosts?: Readonly<Record<string, readonly string[]>>;
  readonly secrets?: readonly BuildSecret[];
  /** Id → socket or key files, with commas between; "": the agent that runs. */
  readonly ssh?: Readonly<Record<string, string>>;
  /** Name → an absolute directory, a URL, or `docker-image://…`. */
  readonly contexts?: Readonly<Record<string, string>>;
  /** Contexts that other orders make: name → the order, which is built before this one. */
  readonly built?: Readonly<Record<string, BuildOrder>>;
  /** `network.host`, `security.insecure`. */
  readonly entitlements?: readonly string[];
  /** As compose has them: `true`, `false`, or attributes, `mode=max`. */
  readonly provenance?: string;
  readonly sbom?: string;
  /** Push what was built. */
  readonly push?: boolean;
  /** Only look for mistakes in the Dockerfile. */
  readonly check?: boolean;
  /** A builder of `docker buildx`, by its name. */
  readonly builder?: string;
}

export interface BuildSecret {
  readonly id: string;
  /** An absolute path. */
  readonly file?: string;
  /** The variable that holds it. */
  readonly environment?: string;
  /** What it is, where it is in no file; absent: its variable is not set. */
  readonly content?: string;
}

/** A build failed, or cannot be done by the builder there is. */
export class BuildError extends GantryError {
  override readonly name = "BuildError";
  /** What the build said, or the step of it that failed. */
  readonly output: readonly string[];
  /** The attribute of `build` that asks for what the builder does not have. */
  readonly attribute: string | undefined;
  constructor(message: string, { output = [], attribute, ...options }: BuildErrorOptions = {}) {
    super(message, options);
    this.output = output;
    this.attribute = attribute;
  }
}

export interface BuildErrorOptions {
  readonly output?: readonly string[];
  readonly attribute?: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Whether a context is fetched by the builder: a URL, or a repository in one of git's shorter forms. */
export const isRemoteContext = (context: string): boolean =>
  /^(https?|git|ssh):\/\/|^github\.com\/|^git@/.test(context);
