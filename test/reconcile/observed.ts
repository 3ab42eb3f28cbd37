/**
 * What an engine holds of a project, written down for newcomers (test/reconcile/plans/README.md explains the words),
 * and made into what `observe` would have found.
 */

import { parse } from "yaml";
import type { ProjectModel, Service } from "../../src/compose/model.ts";
import type { ContainerState } from "../../src/engine/api.ts";
import type { ContainerSpec } from "../../src/reconcile/body-facts.ts";
import { containerSpec } from "../../src/reconcile/container-body.ts";
import { bodyFacts } from "../../src/reconcile/decide.ts";
import { labels } from "../../src/reconcile/labels.ts";
import { imageReference } from "../../src/reconcile/names.ts";
import { networkBody } from "../../src/reconcile/network-body.ts";
import { containersToInspect } from "../../src/reconcile/observe.ts";
import type { Observed, ObservedContainer, ObservedImage } from "../../src/reconcile/plan.ts";
import type { UpOptions } from "../../src/reconcile/up-options.ts";
import { volumeBody } from "../../src/reconcile/volume-body.ts";
import { containerAs } from "./container-as.ts";

/** Each list of words says in what a thing is not as gantry made it from the file. */
interface Notation {
  /** Name without the project's → `running, healthy, from now …`. */
  readonly containers?: Readonly<Record<string, string>>;
  /** Name on the engine → `missing`, `by hand` …; what is not named is there. */
  readonly networks?: Readonly<Record<string, string>>;
  readonly volumes?: Readonly<Record<string, string>>;
  readonly images?: Readonly<Record<string, string>>;
}

export interface ObservedFacts {
  /** The notation's text; `nothing`, or `only images`. */
  readonly text: string;
  /** What the files say now. */
  readonly model: ProjectModel;
  /** What they said when the engine's containers, networks and volumes were made, and the options then. */
  readonly before: ProjectModel;
  readonly optionsBefore: UpOptions;
  readonly options: UpOptions;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Makes what a notation stands for, every container with its inspect. */
export function worldFrom(facts: ObservedFacts): Observed {
  const { model, options, text } = facts;
  const nothing: Observed = { project: model.name, containers: [], networks: [], volumes: [], images: new Map() };
  if (text.trim() === "nothing") return nothing;
  const notation: Notation = text.trim() === "only images" ? {} : parse(text);
  const images = imagesOf(facts, notation.images ?? {});
  if (text.trim() === "only images") return { ...nothing, images };
  const imagesBefore = new Map([...images].map(([name, image]) => [name, { ...image, id: imageId(name) }]));
  const containers = Object.entries(notation.containers ?? {}).map(([name, text]) => {
    const words = wordsOf(text);
    const isNew = words.get("from") === "now";
    return containerOf(name, words, {
      model: isNew ? model : facts.before,
      options: isNew ? options : facts.optionsBefore,
      images: isNew ? images : imagesBefore,
    });
  });
  return {
    ...nothing,
    containers,
    networks: networksOf(facts, notation.networks ?? {}),
    volumes: volumesOf(facts, notation.volumes ?? {}),
    images,
  };
}

/** The snapshot that is taken of it: with the inspects that are asked for, and no others. */
export function asSeen(world: Observed, model: ProjectModel, options: UpOptions): Observed {
  const inspected = containersToInspect(model, world, options);
  const isHook = ({ summary }: ObservedContainer) => labels.hook in summary.Labels;
  const containers = world.containers
    .filter((container) => !isHook(container))
    .map(({ summary, inspect }) =>
      inspect !== undefined && inspected.has(summary.Id) ? { summary, inspect } : { summary },
    );
  return { ...world, containers, hooks: world.containers.filter(isHook) };
}

/** `running, exited 3, from now` → each word, and the value that it stands before; "" where there is none. */
function wordsOf(text = ""): ReadonlyMap<string, string> {
  const withValue = ["exited", "of", "by", "replaces", "from", "not on", "tagged", "has volume", "has variable", "for"];
  return new Map(
    text.split(/,\s*/).map((phrase): [string, string] => {
      const word = withValue.find((candidate) => phrase.startsWith(`${candidate} `));
      return word === undefined ? [phrase, ""] : [word, phrase.slice(word.length + 1)];
    }),
  );
}

function imagesOf({ model, before, now }: ObservedFacts, notation: Readonly<Record<string, string>>) {
  const names = new Set<string>();
  for (const project of [model, before]) {
    for (const service of project.services.values()) {
      names.add(imageReference(project, service));
      for (const { type, source } of service.volumes ?? []) if (type === "image" && source) names.add(source);
    }
  }
  const images = new Map<string, ObservedImage>();
  for (const name of names) {
    const words = wordsOf(notation[name]);
    if (words.has("missing")) continue;
    const days = /^(\d+) days ago$/.exec(words.get("tagged") ?? "")?.[1];
    const [volume, variable] = [words.get("has volume"), words.get("has variable")];
    images.set(name, {
      id: words.has("newer") ? `${imageId(name)}-newer` : imageId(name),
      env: variable === undefined ? [] : [variable],
      volumes: volume === undefined ? [] : [volume],
      hasHealthcheck: words.has("has a health check"),
      platforms: [words.get("for") ?? "linux/amd64"],
      ...(days !== undefined && { tagged: now - Number(days) * 24 * 3_600_000 }),
    });
  }
  return images;
}

const imageId = (name: string) => `sha256:${name}`;
const networkId = (name: string) => `network-${name}`;

/** Labels as their maker put them: `by hand`, `by docker compose`, `by another project`, else gantry. */
function madeBy(own: Record<string, string> | undefined, maker: string | undefined): Record<string, string> {
  if (maker === "hand") return {};
  const foreign = { [labels.configHash]: "of another kind", [labels.version]: "2.40.3" };
  if (maker === "docker compose") return { ...own, ...foreign };
  return { ...own, ...(maker === "another project" && { [labels.project]: "other" }) };
}

function networksOf({ before, optionsBefore }: ObservedFacts, notation: Readonly<Record<string, string>>) {
  return [...before.networks].flatMap(([key, network]) => {
    const words = wordsOf(notation[network.name]);
    if (words.has("missing")) return [];
    const { Labels, Driver = "bridge", ...rest } = networkBody({ ...optionsBefore, project: before, key, network });
    const made = madeBy(Labels, network.external ? "hand" : words.get("by"));
    return [{ ...rest, Id: networkId(network.name), Driver, Labels: made }];
  });
}

function volumesOf({ before, optionsBefore }: ObservedFacts, notation: Readonly<Record<string, string>>) {
  return [...before.volumes].flatMap(([key, volume]) => {
    const words = wordsOf(notation[volume.name]);
    if (words.has("missing")) return [];
    const { Labels, Driver = "local", DriverOpts } = volumeBody({ ...optionsBefore, project: before, key, volume });
    const made = madeBy(Labels, volume.external ? "hand" : words.get("by"));
    return [{ Name: volume.name, Driver, Mountpoint: "", Labels: made, Options: DriverOpts ?? null, Scope: "local" }];
  });
}

interface Made {
  readonly model: ProjectModel;
  readonly options: UpOptions;
  readonly images: ReadonlyMap<string, ObservedImage>;
}

function containerOf(shortName: string, words: ReadonlyMap<string, string>, made: Made): ObservedContainer {
  const { model, options, images } = made;
  const [, stem = shortName, digits = "1"] = /^(.*?)-(\d+)(?:\.new)?$/.exec(shortName) ?? [];
  const service = serviceNamed(model, words.get("of") ?? stem);
  const observed: Observed = { project: model.name, containers: [], networks: [], volumes: [], images };
  const gone = words.has("parent gone") ? "gone" : "1";
  const facts = bodyFacts(
    { model, observed, options, service },
    Number(digits),
    (parent) => `container:id-${parent}-${gone}`,
  );
  const { body, connect } = containerSpec(facts);
  const isWhole = shortName.includes(`${model.name}-`) || shortName === service.container_name;
  const isOurs = words.get("by") !== "docker compose";
  const Labels = Object.fromEntries(
    Object.entries({
      ...madeBy(body.Labels ?? {}, words.get("by")),
      ...(words.has("one-off") && { [labels.oneoff]: "True" }),
      ...(words.has("replaces") && { [labels.replace]: words.get("replaces") ?? "" }),
    }).filter(([key]) => isOurs || key !== labels.fields),
  );
  const state = stateOf(words);
  return containerAs({
    id: `id-${shortName}`,
    name: isWhole ? shortName : `${model.name}-${shortName}`,
    body: { ...body, Labels },
    image: facts.image ?? { id: imageId(facts.imageReference), volumes: [] },
    state,
    status: statusOf(state, words),
    networks: new Map(
      [...Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {}), ...connect.map(pairOf)]
        .filter(([name]) => name !== words.get("not on"))
        // A container that was never started is on its networks by name only.
        .map(([name, endpoint]) => [name, { ...endpoint, NetworkID: state === "created" ? "" : networkId(name) }]),
    ),
  });
}

const pairOf = ({ network, endpoint }: ContainerSpec["connect"][number]) => [network, endpoint] as const;

function serviceNamed(model: ProjectModel, name: string): Service {
  const service = model.services.get(name) ?? model.disabled_services.get(name);
  if (service === undefined) throw new Error(`observed: no service "${name}" (write \`of SERVICE\`)`);
  return service;
}

const states: readonly ContainerState[] = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];

function stateOf(words: ReadonlyMap<string, string>): ContainerState {
  const state = states.find((candidate) => words.has(candidate));
  if (state === undefined) throw new Error(`observed: no state among "${[...words.keys()].join(", ")}"`);
  return state;
}

function statusOf(state: ContainerState, words: ReadonlyMap<string, string>): string {
  if (state === "exited") return `Exited (${words.get("exited")}) About a minute ago`;
  if (state !== "running") return state === "created" ? "Created" : `Up 2 hours (${state})`;
  const health = ["healthy", "unhealthy", "starting"].find((word) => words.has(word));
  if (health === undefined) return "Up 2 hours";
  return `Up 2 hours (${health === "starting" ? "health: starting" : health})`;
}
