import { dependencyGraph } from "../compose/graph.ts";
import type { ProjectModel, Service } from "../compose/model.ts";
import { type ApiSocket, withApiSocket } from "./api-socket.ts";
import type { Draft } from "./draft.ts";
import type { Offer, ProviderRequest, Subject } from "./plan.ts";

/** What containers get beyond the files' words: of providers and models, by name, as far as they were asked, and of the engine. */
export interface Offers {
  readonly services: Map<string, Offer>;
  readonly models: Map<string, Offer>;
  /** Absent where no service asks for it. */
  readonly apiSocket?: ApiSocket;
}

/** Adds what a provider or a model has offered. */
export function keepOffer(offers: Offers, { kind, name }: Subject, offer: Offer): void {
  offers[kind === "model" ? "models" : "services"].set(name, offer);
}

/** Adds the steps that ask providers, in the order of their dependencies, and that make models ready. */
export function addOffers(steps: Draft, model: ProjectModel): void {
  const provided = new Map<string, number>();
  for (const name of dependencyGraph(model.services).order.flat()) {
    const service = model.services.get(name);
    if (service?.provider === undefined) continue;
    const after = [...(service.depends_on?.keys() ?? [])].flatMap((dependency) => provided.get(dependency) ?? []);
    provided.set(name, addProvider(steps, model, service, { action: "up", why: "provided", after }));
  }
  const used = new Set([...model.services.values()].flatMap(({ models }) => [...(models?.keys() ?? [])]));
  for (const [name, { model: reference, context_size, runtime_flags }] of model.models) {
    if (!used.has(name)) continue;
    const users = [...model.services.values()]
      .filter(({ models }) => models?.has(name))
      .map((user) => `"${user.name}"`);
    steps.add({
      op: "prepare-model",
      model: {
        model: reference,
        runtimeFlags: runtime_flags ?? [],
        ...(context_size !== undefined && { contextSize: context_size }),
      },
      subject: { kind: "model", name },
      why: `used by ${users.join(", ")}`,
      after: [],
    });
  }
}

/** Adds the step that asks the program behind a service for something. */
export function addProvider(
  steps: Draft,
  { name: project }: Pick<ProjectModel, "name">,
  { name, provider }: Service,
  { action, why, after }: Pick<ProviderRequest, "action"> & { readonly why: string; readonly after: readonly number[] },
): number {
  const options = [...(provider?.options ?? [])].flatMap(([key, values]) =>
    values.map((value) => [key, value] as const),
  );
  return steps.add({
    op: "run-provider",
    provider: { action, type: provider?.type ?? "", project, service: name, options },
    subject: { kind: "service", name, service: name },
    why,
    after,
  });
}

/**
 * The project with what was offered in the environments of those that use it. A service that depends on a provider gets
 * `DB_URL` for `URL` of `db`, one that uses a model gets `LLM_MODEL` and `LLM_URL` for `llm`, or the variables that it names.
 * One with `use_api_socket` gets the engine's socket. Source: docker compose, docs/extension.md; compose-spec, "models".
 */
export function withOffers(model: ProjectModel, offers: Offers): ProjectModel {
  if (offers.services.size === 0 && offers.models.size === 0) return withSocket(model, offers);
  const services = [...model.services].map(([name, service]): [string, Service] => {
    const added = new Map([...fromProviders(service, offers), ...fromModels(service, offers)]);
    if (added.size === 0) return [name, service];
    return [name, { ...service, environment: new Map([...(service.environment ?? []), ...added]) }];
  });
  return withSocket({ ...model, services: new Map(services) }, offers);
}

function withSocket(model: ProjectModel, { apiSocket }: Offers): ProjectModel {
  return apiSocket === undefined ? model : withApiSocket(model, apiSocket);
}

function fromProviders({ depends_on }: Service, { services }: Offers): readonly [string, string][] {
  return [...(depends_on?.keys() ?? [])].flatMap((name): [string, string][] => {
    const { prefixed, raw } = services.get(name) ?? nothing;
    const own = [...prefixed].map(([key, value]): [string, string] => [`${name.toUpperCase()}_${key}`, value]);
    return [...own, ...raw];
  });
}

function fromModels({ models }: Service, offers: Offers): readonly [string, string][] {
  return [...(models ?? [])].flatMap(([name, settings]): [string, string][] => {
    const { prefixed } = offers.models.get(name) ?? nothing;
    const own = new Map([
      ["MODEL", settings?.model_var],
      ["URL", settings?.endpoint_var],
    ]);
    const prefix = name.toUpperCase().replaceAll("-", "_");
    return [...prefixed].map(([key, value]) => [own.get(key) ?? `${prefix}_${key}`, value]);
  });
}

const nothing: Offer = { prefixed: new Map(), raw: new Map() };
