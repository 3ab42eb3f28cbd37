import type { ProjectModel, Service } from "../compose/model.ts";
import type { Span } from "../errors.ts";
import { type BuildOptions, buildOrder, serviceOf } from "./build-order.ts";
import { type Draft, draft } from "./draft.ts";
import type { Finding } from "./finding.ts";
import { imageReference } from "./names.ts";
import { addOffers } from "./offers.ts";
import type { Observed, Planned } from "./plan.ts";
import { isPlatform, platformOf } from "./platform.ts";
import { readPullPolicy } from "./pull-policy.ts";

export interface ImageOptions extends BuildOptions {
  /** --pull: instead of each service's own policy. */
  readonly pullPolicy?: "always" | "missing" | "never" | "build";
  /** --build: build whatever has a build section. */
  readonly build?: boolean;
  readonly noBuild?: boolean;
  /** Unix milliseconds: policies by age need it. */
  readonly now: number;
  readonly locate?: (path: readonly (string | number)[]) => Span | undefined;
}

/** What the planners of images share: findings, and one step for each image. */
interface ImageState {
  readonly model: ProjectModel;
  readonly options: BuildOptions & Pick<ImageOptions, "locate">;
  readonly steps: Draft;
  readonly seen: Set<string>;
  /** Reference → the step that builds it. */
  readonly builds: Map<string, number>;
  readonly errors: Finding[];
  readonly warnings: Finding[];
}

/**
 * Plans the first round of `up`: what has to be pulled and built, and which providers and models must have told their
 * variables, before anything else can be decided. A service with a build
 * section whose image is missing is built, never pulled: an image of that name elsewhere is not what the file describes
 * (docker compose tries a pull first). One that is there may be pulled anew where the pull policy says so.
 */
export function planImages(model: ProjectModel, observed: Observed, options: ImageOptions): Planned {
  const state = imageState(model, { ...options, onePlatform: true });
  const built = new Set(
    [...model.services.values()].flatMap((service) => (service.build ? [imageReference(model, service)] : [])),
  );
  for (const service of model.services.values()) {
    // What one service builds, others only name.
    const isBuiltElsewhere = service.build === undefined && built.has(imageReference(model, service));
    if (service.provider === undefined && !isBuiltElsewhere) planServiceImage(state, service, observed, options);
    for (const { image } of service.pre_start ?? []) {
      if (image === undefined || observed.images.has(image) || built.has(image)) continue;
      addPull(state, image, service, `pre_start of "${service.name}", missing`);
    }
    for (const mount of service.volumes ?? []) {
      if (mount.type !== "image" || mount.source === undefined || observed.images.has(mount.source)) continue;
      addPull(state, mount.source, service, `mounted by "${service.name}", missing`);
    }
  }
  addOffers(state.steps, model);
  return planned(state);
}

/** Plans `build`: every selected service that has a build section. */
export function planBuild(model: ProjectModel, options: BuildOptions & Pick<ImageOptions, "locate">): Planned {
  const state = imageState(model, options);
  for (const service of model.services.values()) {
    if (service.build !== undefined) addBuild(state, service, "build was asked for");
  }
  return planned(state);
}

export interface PullOptions extends Pick<ImageOptions, "locate" | "version"> {
  readonly policy?: "missing" | "always";
  /** Skip services that have a build section. */
  readonly ignoreBuildable?: boolean;
  /** Go on after failed pulls. */
  readonly ignoreFailures?: boolean;
}

/** Plans `pull`: the images of the selected services; one without `image` has nothing to pull. */
export function planPull(model: ProjectModel, observed: Observed, options: PullOptions): Planned {
  const state = imageState(model, options);
  for (const service of model.services.values()) {
    const { image, build } = service;
    if (image === undefined || (build !== undefined && options.ignoreBuildable)) continue;
    const policy = options.policy ?? readPullPolicy(service.pull_policy).kind;
    if (policy === "never" || policy === "build") continue;
    const isLatest = !/[:@][^/]*$/.test(image) || image.endsWith(":latest");
    if (options.policy === "missing" && observed.images.has(image) && !isLatest) continue;
    // An image that can also be built need not be there.
    addPull(state, image, service, "pull was asked for", options.ignoreFailures === true || build !== undefined);
  }
  return planned(state);
}

export interface PushOptions {
  /** Go on after failed pushes. */
  readonly ignoreFailures?: boolean;
}

/** Plans `push`: the images, with all their tags, of the selected services that are built and have a name of their own. */
export function planPush(model: ProjectModel, { ignoreFailures }: PushOptions): Planned {
  const steps = draft(model.name);
  const images = new Map(
    [...model.services.values()].flatMap(({ name, image, build }) =>
      image === undefined || build === undefined
        ? []
        : [image, ...(build.tags ?? [])].map((reference): [string, string] => [reference, name]),
    ),
  );
  for (const [reference, service] of images) {
    steps.add({
      op: "push-image",
      reference,
      subject: { kind: "image", name: reference, service },
      why: "push was asked for",
      after: [],
      ...(ignoreFailures === true && { optional: true }),
    });
  }
  return { plan: steps.plan(), errors: [], warnings: [], questions: [] };
}

function planServiceImage(state: ImageState, service: Service, observed: Observed, options: ImageOptions): void {
  const reference = imageReference(state.model, service);
  const { there, missing } = lookUp(observed, reference, platformOf(state.model, service));
  const asked = options.pullPolicy ?? service.pull_policy;
  const policy = readPullPolicy(asked);
  const path = ["services", service.name];
  const isOld =
    policy.kind === "older" && (there?.tagged === undefined || options.now - there.tagged >= policy.olderThan);
  if (service.build !== undefined) {
    const isAsked = options.build === true || policy.kind === "build";
    if (options.noBuild !== true && (isAsked || there === undefined)) {
      addBuild(state, service, isAsked ? "build was asked for" : missing);
    } else if (there === undefined) {
      refuse(state, `image "${reference}" is missing, and building is not allowed (--no-build)`, [...path, "build"]);
    } else if (service.image !== undefined && (policy.kind === "always" || isOld)) {
      // It can also be built, so it need not be anywhere.
      addPull(state, reference, service, `pull policy ${asked}`, true);
    }
    return;
  }
  if (service.image === undefined) return;
  switch (policy.kind) {
    case "always":
      addPull(state, reference, service, "pull policy always");
      break;
    case "never":
      if (there === undefined)
        refuse(state, `image "${reference}" is missing, and the pull policy is never`, [...path, "image"]);
      break;
    case "build":
      refuse(state, `service "${service.name}" has pull policy build, but no build section`, [...path, "pull_policy"]);
      break;
    case "older":
      if (isOld) addPull(state, reference, service, there === undefined ? missing : `pull policy ${asked}`);
      break;
    case "missing":
      if (there === undefined) addPull(state, reference, service, missing);
  }
}

/** The image that is there, unless it is for another platform; else why it is missing. */
function lookUp(observed: Observed, reference: string, platform: string | undefined) {
  const there = observed.images.get(reference);
  const isOther = platform !== undefined && there?.platforms?.every((actual) => !isPlatform(platform, actual)) === true;
  return isOther
    ? { there: undefined, missing: `missing for ${platform}, there is ${there?.platforms?.[0]}` }
    : { there, missing: "missing" };
}

function imageState(model: ProjectModel, options: ImageState["options"]): ImageState {
  return { model, options, steps: draft(model.name), seen: new Set(), builds: new Map(), errors: [], warnings: [] };
}

function addPull(state: ImageState, reference: string, service: Service, why: string, optional = false): void {
  const platform = platformOf(state.model, service);
  const key = `${reference} ${platform ?? ""}`;
  if (state.seen.has(key)) return;
  state.seen.add(key);
  state.steps.add({
    op: "pull-image",
    reference,
    subject: { kind: "image", name: reference, service: service.name },
    why,
    after: [],
    ...(platform !== undefined && { platform }),
    ...(optional && { optional }),
  });
}

/** The number of the step that builds a service's image; what is built from another service's image, after that one. */
function addBuild(state: ImageState, service: Service, why: string): number {
  const name = imageReference(state.model, service);
  const known = state.builds.get(name);
  const { order, findings } = buildOrder(state.model, service, state.options);
  for (const { path, ...finding } of findings) {
    const span = state.options.locate?.(["services", service.name, ...path]);
    (finding.severity === "error" ? state.errors : state.warnings).push({ ...finding, ...(span && { span }) });
  }
  if (known !== undefined) return known;
  // Taken before it is known, so that services that need each other come to an end; the loader refuses them.
  state.builds.set(name, 0);
  const bases = [...(service.build?.additional_contexts ?? [])].flatMap(
    ([, place]) => serviceOf(state.model, place) ?? [],
  );
  const after = bases.map((base) => addBuild(state, base, `"${service.name}" is built from it`));
  const id = state.steps.add({
    op: "build-image",
    order,
    subject: { kind: "image", name, service: service.name },
    why,
    after: after.filter((number) => number > 0),
  });
  state.builds.set(name, id);
  return id;
}

function refuse(state: ImageState, message: string, path: readonly string[]): void {
  const span = state.options.locate?.(path);
  state.errors.push({ severity: "error", code: "missing-image", message, ...(span && { span }) });
}

function planned({ model, steps, errors, warnings }: ImageState): Planned {
  const plan = errors.length > 0 ? draft(model.name).plan() : steps.plan();
  return { plan, errors, warnings, questions: [] };
}
