import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import manifest from "../../../package.json" with { type: "json" };
import type { ProjectModel } from "../../compose/model.ts";
import { substitute } from "../../compose/template.ts";
import { digestOf } from "../../engine/digest.ts";
import { GantryError } from "../../errors.ts";
import {
  envFileAnnotation,
  envFileType,
  extendsAnnotation,
  fileAnnotation,
  fileType,
  versionAnnotation,
} from "../remote/artifact-types.ts";
import { rewriteReferences } from "./rewrite.ts";

/** One file of an artifact. */
export interface ArtifactLayer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly content: string;
  /** Where it came from, for messages. */
  readonly path: string;
}

/**
 * The files of a project as they are published: the compose files in their order, the files that they extend, then, where the
 * environment goes along, the env files that can be read.
 *
 * @throws GantryError for a file that includes another one of this machine, and for standard input
 */
export async function artifactLayers(project: ProjectModel, withEnv: boolean): Promise<readonly ArtifactLayer[]> {
  const interpolate = (text: string) => substitute(text, (name) => project.environment.get(name)).text;
  const envFiles = new Map<string, string>();
  const layers: ArtifactLayer[] = [];
  const known = new Set<string>();
  const add = async (path: string, name: string, isExtended: boolean): Promise<void> => {
    if (path === "-")
      throw new GantryError("a project from standard input cannot be published", { hint: "give its file with -f" });
    if (known.has(path)) return;
    known.add(path);
    const directory = isExtended ? dirname(path) : project.working_dir;
    const { text, included, ...more } = rewriteReferences(await readFile(path, "utf8"), { directory, interpolate });
    if (included.length > 0) {
      throw new GantryError(
        `${path} includes ${included.join(", ")}: a published project holds no files that it includes`,
        {
          hint: "publish what is included by itself, and include it as oci://…; or merge the files: gantry config",
        },
      );
    }
    for (const [file, called] of more.envFiles) envFiles.set(file, called);
    layers.push(fileLayer(name, text, path, isExtended));
    for (const [file, called] of more.extended) await add(file, called, true);
  };
  for (const path of project.compose_files) await add(path, basename(path), false);
  if (withEnv) {
    for (const [path, name] of envFiles) {
      const content = await readFile(path, "utf8").catch(() => undefined);
      if (content !== undefined) layers.push(layer(envFileType, { [envFileAnnotation]: name }, content, path));
    }
  }
  return layers;
}

/** A compose file as a layer. */
export function fileLayer(name: string, content: string, path: string, isExtended = false): ArtifactLayer {
  return layer(fileType, { [fileAnnotation]: name, ...(isExtended && { [extendsAnnotation]: "true" }) }, content, path);
}

function layer(mediaType: string, annotations: Record<string, string>, content: string, path: string): ArtifactLayer {
  return {
    mediaType,
    digest: digestOf(content),
    size: Buffer.byteLength(content),
    annotations: { [versionAnnotation]: manifest.version, ...annotations },
    content,
    path,
  };
}
