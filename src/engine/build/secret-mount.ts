/** `RUN --mount=type=secret`: a file that is in no layer and on no disk, or a variable. */

import { execFile } from "node:child_process";
import { chown, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { Span } from "../../errors.ts";
import type { Build } from "./build.ts";
import { complain } from "./dockerfile/complain.ts";
import type { TakenMount, Undo } from "./open-mounts.ts";
import type { RunMount } from "./run-mount.ts";

const run = promisify(execFile);

/** A secret that is not there is no mount, unless it is required: EngineError 400 then. */
export async function secretMount(build: Build, mount: RunMount, span: Span, undo: Undo): Promise<TakenMount> {
  const id = mount.id ?? path.basename(mount.target ?? mount.source ?? mount.env ?? "");
  const content = await build.sources.secret(id);
  if (content === undefined) {
    if (!mount.required) return {};
    throw complain(
      span,
      `RUN --mount: the secret "${id}" is required, but was not given`,
      `give it with --secret id=${id},src=FILE`,
    );
  }
  const env = mount.env === undefined ? {} : { env: `${mount.env}=${content.toString("utf8")}` };
  if (mount.env !== undefined && mount.target === undefined) return env;
  const folder = build.temporary();
  await mkdir(folder, { mode: 0o700 });
  await run("mount", ["-t", "tmpfs", "-o", "mode=0700,noexec,nosuid,nodev,size=1m", "tmpfs", folder]);
  undo.push(() => run("umount", ["--lazy", folder]));
  const file = path.join(folder, "secret");
  await writeFile(file, content, { mode: mount.mode ?? 0o400 });
  await chown(file, mount.uid, mount.gid);
  return {
    ...env,
    mount: { type: "bind", source: file, target: mount.target ?? `/run/secrets/${id}`, readOnly: true },
  };
}
