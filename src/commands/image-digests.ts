import type { Mount, ProjectModel, Service } from "../compose/model.ts";
import type { RegistryAuth } from "../engine/api.ts";
import { credentialsFor } from "../engine/credentials.ts";
import { type ImageReference, parseReference } from "../engine/reference.ts";
import { EngineError } from "../errors.ts";
import type { Globals } from "./global-flags.ts";
import { processEnvironment } from "./process-environment.ts";
import { openEngine } from "./session.ts";

/**
 * The project with every image, also those that are mounted, named by the digest that its tag has at its registry now
 * (`docker.io/library/nginx:1.27@sha256:…`). The engine asks the registry, with its mirrors and its ways through proxies;
 * where no engine answers, the registry is asked from here. Either way with the credentials of docker login.
 *
 * @throws EngineError for the first image, by name, whose digest cannot be found
 */
export async function pinImages(project: ProjectModel, flags: Pick<Globals, "engine">): Promise<ProjectModel> {
  const images = [...new Set([...project.services.values()].flatMap(imagesOf))].sort();
  const pinned = new Map(images.map((image) => [image, withoutIdleTag(parseReference(image))]));
  const open = [...pinned].filter(([, { digest }]) => digest === undefined);
  if (open.length > 0) {
    const engine = await openEngine(flags);
    try {
      const resolved = await Promise.allSettled(open.map(async ([image]) => ask(engine, image)));
      for (const [i, [image, reference]] of open.entries()) {
        const result = resolved[i];
        if (result?.status !== "fulfilled") throw failure(image, result?.reason);
        pinned.set(image, { ...reference, tag: reference.tag ?? "latest", digest: result.value });
      }
    } finally {
      engine.close();
    }
  }
  const pin = (image: string) => {
    const reference = pinned.get(image);
    return reference === undefined ? image : fullName(reference);
  };
  const services = [...project.services].map(([name, service]): [string, Service] => [name, pinService(service, pin)]);
  return { ...project, services: new Map(services) };
}

/** An override file that holds the images of the services, and the images that they mount, and nothing else. */
export function imagesOnly(project: ProjectModel) {
  const services = [...project.services.values()].map((service) => {
    const mounts = (service.volumes ?? []).flatMap((mount) =>
      isImageMount(mount) ? [{ type: mount.type, source: mount.source, target: mount.target }] : [],
    );
    const image = service.image === undefined ? {} : { image: service.image };
    return [service.name, mounts.length === 0 ? image : { ...image, volumes: mounts }] as const;
  });
  return { services: Object.fromEntries(services.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

function imagesOf(service: Service): readonly string[] {
  const mounted = (service.volumes ?? []).flatMap((mount) => (isImageMount(mount) ? [mount.source] : []));
  return service.image === undefined ? mounted : [service.image, ...mounted];
}

function pinService(service: Service, pin: (image: string) => string): Service {
  return {
    ...service,
    ...(service.image !== undefined && { image: pin(service.image) }),
    ...(service.volumes !== undefined && {
      volumes: service.volumes.map((mount) => (isImageMount(mount) ? { ...mount, source: pin(mount.source) } : mount)),
    }),
  };
}

function isImageMount(mount: Mount): mount is Mount & { readonly source: string } {
  return mount.type === "image" && mount.source !== undefined;
}

async function ask(engine: Awaited<ReturnType<typeof openEngine>>, image: string): Promise<string> {
  const auth = await credentialsFor(image, processEnvironment());
  const { registry, repository, tag = "latest" } = parseReference(image);
  const name = `${registry}/${repository}:${tag}`;
  try {
    const { Descriptor } = await engine.distributionInspect({ name, ...(auth !== undefined && { auth }) });
    return Descriptor.digest;
  } catch (error) {
    if (!(error instanceof EngineError) || error.status !== undefined) throw error;
    // No engine answers; the registry can be asked from here too.
    return askRegistry({ registry, repository, tag }, auth);
  }
}

async function askRegistry(reference: ImageReference, auth: RegistryAuth | undefined): Promise<string> {
  const [{ openRegistry }, { readManifest }, { readOptions }] = await Promise.all([
    import("../engine/registry/open-registry.ts"),
    import("../engine/registry/read-manifest.ts"),
    import("../engine/registry/read-options.ts"),
  ]);
  const registry = openRegistry(reference.registry, { options: await readOptions(), auth });
  try {
    return (await readManifest(registry, reference)).digest;
  } finally {
    registry.close();
  }
}

/** Beside a digest that was given, a tag says nothing; docker leaves it out. */
function withoutIdleTag(reference: ImageReference): ImageReference {
  const { registry, repository, digest } = reference;
  return digest === undefined ? reference : { registry, repository, digest };
}

function fullName({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}@${digest}`;
}

function failure(image: string, cause: unknown): EngineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EngineError(`the digest of ${image} cannot be found: ${reason}`, { cause });
}
