import type { BodyFacts, FieldDigests } from "./body-facts.ts";
import { configHash, fieldsText } from "./fields.ts";

/** The labels of docker compose, by which both tools find a project's containers, networks and volumes. */
export const labels = {
  project: "com.docker.compose.project",
  service: "com.docker.compose.service",
  network: "com.docker.compose.network",
  volume: "com.docker.compose.volume",
  version: "com.docker.compose.version",
  workingDir: "com.docker.compose.project.working_dir",
  configFiles: "com.docker.compose.project.config_files",
  environmentFile: "com.docker.compose.project.environment_file",
  oneoff: "com.docker.compose.oneoff",
  slug: "com.docker.compose.slug",
  configHash: "com.docker.compose.config-hash",
  number: "com.docker.compose.container-number",
  dependsOn: "com.docker.compose.depends_on",
  image: "com.docker.compose.image",
  /** Of a hook's own container: which hook, `pre_start`. Such a container has no config-hash. */
  hook: "com.docker.compose.hook",
  /** The name of the container that this one replaces. */
  replace: "com.docker.compose.replace",
  imageVolumes: "com.docker.compose.image-volume-digest",
  /** Ours: a digest for each field of the service that the container was made from. */
  fields: "dev.gantry.fields",
} as const;

/** A container's labels: the user's, below docker compose's, below ours. One of `run` has no number. */
export function containerLabels(facts: BodyFacts, fields: FieldDigests): Record<string, string> {
  const { project, service, image } = facts;
  const entries: [string, string][] = [
    ...(service.labels ?? []),
    [labels.project, project.name],
    [labels.service, service.name],
    [labels.version, facts.version],
    [labels.workingDir, project.working_dir],
    [labels.configFiles, project.compose_files.join(",")],
    [labels.oneoff, facts.oneOff === undefined ? "False" : "True"],
    [labels.configHash, configHash(fields)],
    facts.oneOff === undefined ? [labels.number, String(facts.number)] : [labels.slug, facts.oneOff.slug],
    [labels.dependsOn, dependencies(facts)],
    [labels.fields, fieldsText(fields)],
  ];
  if (project.env_files.length > 0) entries.push([labels.environmentFile, project.env_files.join(",")]);
  if (image !== undefined) entries.push([labels.image, image.id]);
  const mounted = mountedImages(facts);
  if (mounted !== "") entries.push([labels.imageVolumes, mounted]);
  return Object.fromEntries(entries);
}

/** `target=id` of each mounted image whose id is known, sorted. */
export function mountedImages({ service, mountedImages: ids }: Pick<BodyFacts, "service" | "mountedImages">): string {
  return (service.volumes ?? [])
    .flatMap(({ type, source, target }) => {
      const id = type === "image" && source !== undefined ? ids?.get(source) : undefined;
      return id === undefined ? [] : [`${target}=${id}`];
    })
    .sort()
    .join(",");
}

/** `db:service_healthy:false,…`, sorted so that the label is the same on every run. */
function dependencies({ service }: BodyFacts): string {
  return [...(service.depends_on ?? [])]
    .map(([name, { condition, restart }]) => `${name}:${condition}:${restart ?? false}`)
    .sort()
    .join(",");
}
