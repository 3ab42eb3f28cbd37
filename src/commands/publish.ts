import manifest from "../../package.json" with { type: "json" };
import type { ProjectModel } from "../compose/model.ts";
import { toYaml } from "../compose/render/yaml.ts";
import { applyProfiles } from "../compose/select.ts";
import { credentialsFor } from "../engine/credentials.ts";
import { type ImageReference, parseReference } from "../engine/reference.ts";
import { openRegistry } from "../engine/registry/open-registry.ts";
import { readOptions } from "../engine/registry/read-options.ts";
import { GantryError, UsageError } from "../errors.ts";
import { planPush } from "../reconcile/images.ts";
import { type Answer, dryRun } from "./answer.ts";
import { askYes, canAsk } from "./ask.ts";
import { carryOut } from "./carry-out.ts";
import { catchInterrupt } from "./interrupts.ts";
import { processEnvironment } from "./process-environment.ts";
import { type ArtifactLayer, artifactLayers, fileLayer } from "./publish/artifact-layers.ts";
import { copyImage, type Place } from "./publish/copy-image.ts";
import { type Descriptor, pushArtifact, putManifest } from "./publish/push-artifact.ts";
import { scruplesOf } from "./publish/scruples.ts";
import { findSecrets } from "./publish/secrets.ts";
import { projectType, versionAnnotation } from "./remote/artifact-types.ts";
import { openProgressFor } from "./screen.ts";
import { openSession } from "./session.ts";
import { Args, Flags, Verb } from "./verb.ts";

const indexType = "application/vnd.oci.image.index.v1+json";

/** `gantry publish`: the project's files as an artifact of a registry. */
export default class Publish extends Verb {
  static override summary = "Push the project's files to a registry, for -f oci://…";
  static override args = {
    repository: Args.string({ required: true, description: "registry/repository:tag", ignoreStdin: true }),
  };
  static override flags = {
    app: Flags.boolean({ description: "the images of the services too" }),
    "insecure-registry": Flags.boolean({ hidden: true, description: "the registry may be spoken to without TLS" }),
    "oci-version": Flags.option({
      options: ["1.0", "1.1"] as const,
      description: "the form of the artifact; by itself the newest that the registry takes",
    })(),
    "resolve-image-digests": Flags.boolean({ description: "fix every image's digest" }),
    "with-env": Flags.boolean({ description: "variables and env files too" }),
    yes: Flags.boolean({ char: "y", aliases: ["y"], description: "answer every question with yes" }),
  };

  async run(): Promise<Answer> {
    const { flags: given, args } = await this.parse(Publish);
    const reference = parseReference(args.repository);
    if (reference.digest !== undefined) throw new UsageError("a project is published under a tag, not under a digest");
    const insecure = given["insecure-registry"] ? [reference.registry] : [];
    const flags = { ...given, "insecure-registry": insecure };
    const session = await openSession({ ...flags, profile: ["*"] });
    const project = applyProfiles(session.loaded.project, ["*"]);
    const withEnv = flags["with-env"] === true;
    const layers = [...(await artifactLayers(project, withEnv))];
    const secrets = layers.flatMap(({ path, content }) => findSecrets(path, content));
    for (const question of scruplesOf(project, { withEnv, secrets })) await agreed(question, flags.yes === true);
    if (flags["resolve-image-digests"]) layers.push(await digestsLayer(project, flags));
    if (flags["dry-run"]) {
      return dryRun(
        layers.map(({ annotations, size }) => `${Object.values(annotations)[1]}  ${size} bytes`),
        flags,
      );
    }
    using interrupt = catchInterrupt();
    const progress = await openProgressFor(flags);
    await carryOut(session, planPush(project, { ignoreFailures: true }).plan, { progress, signal: interrupt.signal });
    const id = args.repository;
    progress.say({ id, state: "Working", text: "publishing" });
    const place = await openPlace(reference, insecure, interrupt.signal);
    try {
      const version = flags["oci-version"];
      const descriptor = await pushArtifact(place.registry, reference, layers, { version, created: new Date() });
      if (flags.app) await publishImages(project, { place, insecure, subject: descriptor, signal: interrupt.signal });
      progress.say({ id, state: "Done", text: "published" });
      return { data: { ...resultOf(id, descriptor, layers), changes: progress.changes } };
    } finally {
      place.registry.close();
    }
  }
}

/** Throws UsageError where nobody can be asked, GantryError where the answer is no. */
async function agreed(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!canAsk()) throw new UsageError(`${question}\nNobody can be asked here`, { hint: "look, and give --yes" });
  if (!(await askYes(question))) throw new GantryError("nothing was published");
}

async function digestsLayer(
  project: ProjectModel,
  flags: { readonly engine?: string | undefined },
): Promise<ArtifactLayer> {
  const { imagesOnly, pinImages } = await import("./image-digests.ts");
  const text = toYaml(imagesOnly(await pinImages(project, { engine: flags.engine })));
  return fileLayer("image-digests.yaml", text, "image-digests.yaml");
}

async function openPlace(reference: ImageReference, insecure: readonly string[], signal: AbortSignal): Promise<Place> {
  const { registry, repository } = reference;
  const auth = await credentialsFor(`${registry}/${repository}`, processEnvironment());
  return { reference, registry: openRegistry(registry, { options: await readOptions({ insecure }), auth, signal }) };
}

/** The images of all services in the project's own repository, and an index of them that belongs to the artifact. */
async function publishImages(
  { services }: ProjectModel,
  {
    place,
    insecure,
    subject,
    signal,
  }: { place: Place; insecure: readonly string[]; subject: Descriptor; signal: AbortSignal },
): Promise<void> {
  const images = new Set([...services.values()].flatMap(({ image }) => image ?? []));
  const manifests: Descriptor[] = [];
  for (const image of images) {
    const from = await openPlace(parseReference(image), insecure, signal);
    try {
      manifests.push(await copyImage(from, place, signal));
    } finally {
      from.registry.close();
    }
  }
  const index = {
    schemaVersion: 2,
    mediaType: indexType,
    artifactType: projectType,
    manifests,
    subject,
    annotations: { [versionAnnotation]: manifest.version },
  };
  await putManifest(place.registry, place.reference, indexType, JSON.stringify(index));
}

function resultOf(reference: string, { digest }: Descriptor, layers: readonly ArtifactLayer[]) {
  return {
    reference,
    digest,
    layers: layers.map(({ mediaType, digest: own, size, annotations }) => ({
      mediaType,
      digest: own,
      size,
      annotations,
    })),
  };
}
