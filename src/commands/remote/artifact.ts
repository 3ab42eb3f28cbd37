import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RemoteReference } from "../../compose/remote.ts";
import { credentialsFor } from "../../engine/credentials.ts";
import { parseReference } from "../../engine/reference.ts";
import { openRegistry, type Registry } from "../../engine/registry/open-registry.ts";
import { readBlob } from "../../engine/registry/read-blob.ts";
import { readManifest } from "../../engine/registry/read-manifest.ts";
import { readOptions } from "../../engine/registry/read-options.ts";
import { GantryError } from "../../errors.ts";
import {
  envFileAnnotation,
  envFileType,
  extendsAnnotation,
  fileAnnotation,
  fileType,
  oldConfigType,
  projectType,
} from "./artifact-types.ts";
import { cacheEntry } from "./cache.ts";

interface Layer {
  readonly mediaType?: string;
  readonly digest?: string;
  readonly size?: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * The files of a compose project that `docker compose publish` has put into a registry: the compose file (the files that
 * it was published with, one document each), the files that it extends, its env files. The tag is looked up each time; an
 * artifact that is in the cache is not fetched again.
 *
 * @param insecure the registries that may be spoken to without TLS
 * @returns the absolute path of a directory in the cache
 * @throws GantryError when there is no such artifact, it is no compose project, or the registry refuses
 */
export async function fetchArtifact(
  { text, reference }: Extract<RemoteReference, { kind: "oci" }>,
  cache: string,
  environment: ReadonlyMap<string, string>,
  insecure: readonly string[] = [],
): Promise<string> {
  const parsed = parseReference(reference);
  const registry = openRegistry(parsed.registry, {
    options: await readOptions({ insecure }),
    auth: await credentialsFor(reference, environment),
  });
  try {
    const manifest = await readManifest(registry, parsed);
    const { layers, artifactType, config } = parseManifest(manifest.text, text);
    const type = artifactType ?? config?.mediaType;
    if (type !== projectType && !(artifactType === undefined && type === oldConfigType)) {
      throw new GantryError(`"${text}" is no compose project, but ${type ?? "something without a type"}`, {
        hint: "publish one with docker compose publish",
      });
    }
    const name = manifest.digest.replace(":", "-");
    const write = (directory: string) => writeLayers(directory, layers, parsed.repository, registry, text);
    return await cacheEntry(cache, name, write);
  } finally {
    registry.close();
  }
}

async function writeLayers(
  directory: string,
  layers: readonly Layer[],
  repository: string,
  registry: Registry,
  text: string,
): Promise<void> {
  const documents: string[] = [];
  const contents = await Promise.all(
    layers.map(async ({ mediaType, digest = "", size = 0 }) =>
      mediaType === fileType || mediaType === envFileType
        ? readBlob(registry, repository, { digest, size })
        : undefined,
    ),
  );
  for (const [i, { mediaType, annotations = {} }] of layers.entries()) {
    const content = contents[i];
    if (content === undefined) continue;
    if (mediaType === envFileType || annotations[extendsAnnotation] !== undefined) {
      const kind = mediaType === envFileType ? envFileAnnotation : fileAnnotation;
      await writeFile(join(directory, fileName(annotations[kind], text)), content, { flag: "wx" });
    } else documents.push(content.toString("utf8"));
  }
  if (documents.length === 0) throw new GantryError(`"${text}" holds no compose file`);
  await writeFile(join(directory, "compose.yaml"), documents.join("\n---\n"), { flag: "wx" });
}

/** The name of a layer's file. It is a stranger's: one that leads elsewhere, or is the compose file's, is refused. */
function fileName(name: string | undefined, text: string): string {
  if (name === undefined || !/^[\w-][\w.-]*$/.test(name) || name === "compose.yaml") {
    throw new GantryError(`"${text}" is not sound: it holds a file called "${name ?? ""}"`);
  }
  return name;
}

function parseManifest(
  json: string,
  text: string,
): { layers: readonly Layer[]; artifactType?: string; config?: { mediaType?: string } } {
  try {
    const manifest: unknown = JSON.parse(json);
    if (typeof manifest === "object" && manifest !== null && "layers" in manifest && Array.isArray(manifest.layers)) {
      return { ...manifest, layers: manifest.layers };
    }
  } catch {
    // Not even JSON: the same answer.
  }
  throw new GantryError(`"${text}" is no compose project: its manifest has no layers`);
}
