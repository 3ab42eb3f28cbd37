import type { ContainerUpdateBody } from "../engine/api.ts";
import { adoptedDiff } from "./adopted-diff.ts";
import type { ContainerSpec } from "./body-facts.ts";
import { changedFields, fieldsText, parseFields } from "./fields.ts";
import { isUpdatable, pendingUpdate } from "./in-place.ts";
import { labels } from "./labels.ts";
import type { ObservedContainer, ObservedImage } from "./plan.ts";

/** How a container differs from what is wanted, by field names. */
export interface Difference {
  /** Fields that need a new container, sorted. */
  readonly recreate: readonly string[];
  /** Fields that the engine can change in a container as it is, sorted; `body` does it. */
  readonly update: readonly string[];
  readonly body: ContainerUpdateBody;
}

/**
 * Whether the container's inspect is needed to say how it differs: it is not of our making, its fields changed, or it
 * has fields that can be updated in place (an update changes the container, but not the label that says what it was
 * made from). Without it, `difference` judges by the label alone.
 */
export function needsInspect(spec: Pick<ContainerSpec, "fields">, { summary }: ObservedContainer): boolean {
  const label = summary.Labels[labels.fields];
  if (parseFields(label) === undefined || label !== fieldsText(spec.fields)) return true;
  return [...spec.fields.keys()].some(isUpdatable);
}

/**
 * Compares a container with what is wanted. By the label where gantry made it, by its inspect where docker compose
 * did; a container without either is taken as it is. Limits and the restart policy are compared with the inspect, where
 * there is one.
 */
export function difference(
  spec: ContainerSpec,
  { summary, inspect }: ObservedContainer,
  image: ObservedImage | undefined,
): Difference {
  const before = parseFields(summary.Labels[labels.fields]);
  const none: Difference = { recreate: [], update: [], body: {} };
  if (before === undefined && inspect === undefined) return none;
  const changed = before === undefined && inspect !== undefined ? adoptedDiff(spec, inspect, image) : [];
  const recreate = before === undefined ? changed : changedFields(before, spec.fields);
  if (inspect === undefined) return { ...none, recreate };
  const pending = pendingUpdate(spec, inspect);
  const needed = recreate.filter((field) => !isUpdatable(field));
  if (!pending.possible) return { ...none, recreate: [...needed, ...pending.fields].sort() };
  return { recreate: needed, update: pending.fields, body: pending.body };
}

/** `config changed: environment.PORT, image`; after five fields `and N more`. */
export function describeChange(fields: readonly string[]): string {
  const shown = fields.slice(0, 5).join(", ");
  return `config changed: ${fields.length > 5 ? `${shown} and ${fields.length - 5} more` : shown}`;
}
