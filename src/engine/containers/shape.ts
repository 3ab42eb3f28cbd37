/** Bodies of calls: a client may send anything. What is of the wrong type is refused as docker does; what is not known is left out. */

import { badRequest } from "../refusal.ts";

/** `words`: a list of strings, or one string alone. */
export type Shape =
  | "string"
  | "bool"
  | "int"
  | "words"
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> };

/**
 * The value with only what the shape knows. Null stays null: it means "not said"; in a list or a map it is
 * the empty value, as Go reads it. EngineError 400, with the path of what is
 * wrong. `path`: the name of the whole.
 */
export function takeShape(value: unknown, shape: Shape, path: string): unknown {
  if (value === null || value === undefined) return value;
  if (typeof shape === "string") return takeScalar(value, shape, path);
  if ("list" in shape) {
    if (!Array.isArray(value)) throw mismatch(value, path, "a list");
    return value.map((item) => takeShape(item ?? emptyOf(shape.list), shape.list, path));
  }
  if (typeof value !== "object" || Array.isArray(value)) throw mismatch(value, path, "an object");
  const entries = Object.entries(value);
  if ("map" in shape)
    return Object.fromEntries(
      entries.map(([key, item]) => [key, takeShape(item ?? emptyOf(shape.map), shape.map, path)]),
    );
  const known = entries.filter(([key]) => Object.hasOwn(shape.fields, key));
  return Object.fromEntries(
    known.flatMap(([key, item]) => {
      const field = shape.fields[key];
      return field === undefined ? [] : [[key, takeShape(item, field, `${path}.${key}`)]];
    }),
  );
}

function emptyOf(shape: Shape): unknown {
  if (typeof shape !== "string") return "list" in shape ? [] : {};
  return { string: "", bool: false, int: 0, words: [] }[shape];
}

function takeScalar(value: unknown, shape: "string" | "bool" | "int" | "words", path: string): unknown {
  switch (shape) {
    case "string":
      if (typeof value !== "string") throw mismatch(value, path, "string");
      return value;
    case "bool":
      if (typeof value !== "boolean") throw mismatch(value, path, "bool");
      return value;
    case "int":
      if (!Number.isSafeInteger(value)) throw mismatch(value, path, "int64");
      return value;
    case "words":
      return typeof value === "string" ? [value] : takeShape(value, { list: "string" }, path);
  }
}

function mismatch(value: unknown, path: string, wanted: string): Error {
  const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return badRequest(`invalid JSON: json: cannot unmarshal ${kind} into Go struct field ${path} of type ${wanted}`);
}
