/**
 * The version of what `--json` prints (schemas/output.schema.json, docs/json.md). Within a version fields and types of
 * lines are only added; what is taken away or means something else makes a new one.
 */
const version = 1;

/** A line of `--json`: `{"gantry":1,"type":…}` with the fields behind, and its line feed. */
export function envelope(type: string, fields: object): string {
  return `${JSON.stringify({ gantry: version, type, ...fields })}\n`;
}
