import type { Node } from "./node.ts";

/** A text that is the same for two nodes exactly when they say the same (isSame), to find equal ones among many. */
export function identity(node: Node): string {
  if (node.kind === "scalar") return `${node.type}:${JSON.stringify(String(node.value))}`;
  if (node.kind === "sequence") return `[${node.items.map(identity).join()}]`;
  const entries = [...node.entries].map(([key, { value }]) => `${JSON.stringify(key)}=${identity(value)}`);
  return `{${entries.sort().join()}}`;
}

/** Whether two nodes say the same, wherever they were written. The order of a mapping's keys says nothing. */
export function isSame(a: Node, b: Node): boolean {
  if (a === b) return true;
  if (a.kind === "scalar") return b.kind === "scalar" && a.type === b.type && a.value === b.value;
  if (a.kind === "sequence") {
    return (
      b.kind === "sequence" &&
      a.items.length === b.items.length &&
      a.items.every((item, i) => {
        const other = b.items[i];
        return other !== undefined && isSame(item, other);
      })
    );
  }
  if (b.kind !== "mapping" || a.entries.size !== b.entries.size) return false;
  for (const [key, entry] of a.entries) {
    const other = b.entries.get(key);
    if (other === undefined || !isSame(entry.value, other.value)) return false;
  }
  return true;
}
