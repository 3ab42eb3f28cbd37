import { UsageError } from "../errors.ts";

/** The fields of one row, as a template names them: `{{.Name}}`. */
export type Fields = Readonly<Record<string, unknown>>;

const filters: Readonly<Record<string, (value: unknown) => string>> = {
  json: (value) => JSON.stringify(value) ?? "null",
  upper: (value) => text(value).toUpperCase(),
  lower: (value) => text(value).toLowerCase(),
  print: text,
};

/**
 * A renderer for the part of Go's text/template that docker's `--format` is used with: `{{.Field}}`, `{{json .}}`,
 * `{{json .Field}}`, `{{upper .Field}}`, `{{lower .Field}}`, `{{.Field | json}}`, and `\t` and `\n` in the text. Throws
 * UsageError for anything else, and for a field that `known` does not name.
 */
export function parseTemplate(template: string, known: readonly string[]): (fields: Fields) => string {
  const parts = template
    .replaceAll("\\t", "\t")
    .replaceAll("\\n", "\n")
    .split(/(\{\{.*?\}\})/s)
    .map((part) => (part.startsWith("{{") ? action(part, known) : () => part));
  return (fields) => parts.map((part) => part(fields)).join("");
}

/** The fields that a template shows, in order: the headings of `table TEMPLATE`. */
export function templateFields(template: string): string[] {
  return [...template.matchAll(/\{\{[^}]*?\.(\w+)[^}]*\}\}/g)].map((match) => match[1] ?? "");
}

function action(part: string, known: readonly string[]): (fields: Fields) => string {
  const body = part
    .slice(2, -2)
    .trim()
    .replace(/^-\s+|\s+-$/g, "");
  const literal = /^"((?:[^"\\]|\\.)*)"$/.exec(body);
  if (literal !== null) return () => literal[1] ?? "";
  const match = /^(?:(\w+)\s+)?\.(\w*)$/.exec(body) ?? /^\.(\w*)\s*\|\s*(\w+)$/.exec(body);
  const [name = "", filter] = match === null ? [] : body.includes("|") ? [match[1], match[2]] : [match[2], match[1]];
  const apply = filter === undefined ? text : Object.hasOwn(filters, filter) ? filters[filter] : undefined;
  if (match === null || apply === undefined) {
    throw new UsageError(`template ${part} is not understood`, {
      hint: "a template has {{.Field}}, {{json .Field}}, {{json .}}, {{upper .Field}} and {{lower .Field}}",
    });
  }
  if (name === "") return (fields) => apply(fields);
  if (!known.includes(name)) {
    throw new UsageError(`template ${part} names no field`, { hint: `the fields are ${known.join(", ")}` });
  }
  return (fields) => apply(fields[name]);
}

function text(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
