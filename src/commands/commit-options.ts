/** What verbs that make an image are given: its name, and what is said of it. */

import type { ContainerCommitArgs } from "../engine/api.ts";
import { Flags, several } from "./verb.ts";

/** Flags of every verb that makes an image of files. */
export const imageFlags = {
  change: Flags.string({
    ...several,
    char: "c",
    helpValue: "<instruction>",
    description: "apply an instruction of a Dockerfile: ENV A=1",
  }),
  message: Flags.string({ char: "m", helpValue: "<text>", description: "the image's comment" }),
};

/** Flags of those that make it of a container. */
export const commitFlags = {
  ...imageFlags,
  author: Flags.string({ char: "a", helpValue: "<name>", description: "the image's author" }),
  pause: Flags.boolean({ char: "p", allowNo: true, default: true, description: "pause the container meanwhile" }),
};

/** `repository`, `host:5000/repository` or `repository:tag`, taken apart. */
export function splitName(name: string | undefined): { readonly repo?: string; readonly tag?: string } {
  const [repo, tag] = name?.split(/:(?=[^/:]+$)/) ?? [];
  return { ...(repo !== undefined && { repo }), ...(tag !== undefined && { tag }) };
}

interface CommitFlags {
  readonly author?: string | undefined;
  readonly change?: string[] | undefined;
  readonly message?: string | undefined;
  readonly pause: boolean;
}

/** What the engine is asked for. `container`: its ID or name. */
export function commitArgs(container: string, name: string | undefined, flags: CommitFlags): ContainerCommitArgs {
  return {
    container,
    pause: flags.pause,
    ...splitName(name),
    ...(flags.message !== undefined && { comment: flags.message }),
    ...(flags.author !== undefined && { author: flags.author }),
    ...(flags.change !== undefined && { changes: flags.change }),
  };
}
