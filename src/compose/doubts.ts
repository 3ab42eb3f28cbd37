import type { Diagnostic, Span } from "../errors.ts";
import type { MappingNode, Node } from "./node.ts";

/** What the errors found so far say about findings of later stages. */
export interface Doubts {
  /** Whether an error stands in the very place of a finding. */
  readonly repeats: (finding: Diagnostic) => boolean;
  /**
   * Whether a finding may only follow from an error: it is in a service or another resource that holds one, and is about
   * more than a name that is used there.
   */
  readonly explains: (finding: Diagnostic) => boolean;
}

/**
 * Judges a document by the errors in it; undefined when one stands outside of its services and other resources, so that
 * nothing can be trusted (a misspelt `volumes` makes every use of a volume a fault).
 */
export function doubtsOf(document: MappingNode, errors: readonly Diagnostic[]): Doubts | undefined {
  const faults = new Set(errors.map(({ span }) => placeName(span)));
  const doubtful = new Set<string>();
  if (faults.size > 0) {
    const outside = new Set(faults);
    for (const [name, resource] of resourcesOf(document)) {
      const places = new Set([name]);
      collect(resource, places);
      const held = [...faults].filter((place) => places.has(place));
      if (held.length === 0) continue;
      for (const place of held) outside.delete(place);
      for (const place of places) doubtful.add(place);
    }
    if (outside.size > 0) return undefined;
  }
  const repeats = ({ span }: Diagnostic) => faults.has(placeName(span));
  const isAboutName = ({ code }: Diagnostic) => code.startsWith("undefined-") || code === "disabled-service";
  return {
    repeats,
    explains: (finding) => (isAboutName(finding) ? repeats(finding) : doubtful.has(placeName(finding.span))),
  };
}

/** Every service, volume and so on, with the place of its name. */
function* resourcesOf(document: MappingNode): Iterable<readonly [string, Node]> {
  for (const { value: section } of document.entries.values()) {
    if (section.kind !== "mapping") continue;
    for (const { keySpan, value } of section.entries.values()) yield [placeName(keySpan), value];
  }
}

function placeName(span: Span | undefined): string {
  return span === undefined ? "" : `${span.source.path}:${span.start}`;
}

function collect(node: Node, places: Set<string>): void {
  places.add(placeName(node.span));
  if (node.kind === "sequence") for (const item of node.items) collect(item, places);
  if (node.kind === "mapping") {
    for (const { keySpan, value } of node.entries.values()) {
      places.add(placeName(keySpan));
      collect(value, places);
    }
  }
}
