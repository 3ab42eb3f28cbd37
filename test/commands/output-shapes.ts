/** What `--json` prints, held against schemas/output.schema.json: nothing may be there that is not described. */

import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

/** The part of a schema that is looked at here. */
export interface Shape {
  readonly description?: string;
  readonly allOf?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly "x-lines"?: readonly string[];
}

interface Schema {
  readonly $id: string;
  readonly anyOf: readonly { readonly $ref: string }[];
  readonly $defs: Readonly<Record<string, Shape>>;
}

export const schema: Schema = JSON.parse(
  readFileSync(path.join(import.meta.dirname, "../../schemas/output.schema.json"), "utf8"),
);

export interface Line {
  readonly type: string;
  readonly command?: string;
  readonly exitCode?: number;
  readonly [field: string]: unknown;
}

/** The name of the shape of a command's result. */
export const resultOf = (command: string): string => `result ${command}`.replaceAll(" ", "-");

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema({ ...schema, $defs: closedDefinitions() });
const compiled = new Map<string, ValidateFunction>();

/** What is wrong with a value for a shape; empty: nothing. */
export function mistakes(shape: string, value: unknown): readonly string[] {
  const validate = compiled.get(shape) ?? ajv.compile({ $ref: `${schema.$id}#/$defs/${shape}` });
  compiled.set(shape, validate);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/**
 * The lines that a command has printed. Throws where a line has not its shape, is none that the command may print, or
 * where the last one is not the result, or the error, of the command with its exit code.
 */
export function linesOf(
  command: string | undefined,
  { stdout, exitCode }: { readonly stdout: string; readonly exitCode: number },
): readonly Line[] {
  const lines: readonly Line[] = stdout.split("\n").map((text) => parsed(text));
  const may = command === undefined ? [] : (schema.$defs[resultOf(command)]?.["x-lines"] ?? []);
  const wrong = lines.flatMap((line, i) => {
    const isLast = i === lines.length - 1;
    if (!isLast) return may.includes(line.type) ? mistakes(line.type, line) : [`${line.type} is none of ${may}`];
    if (line.command !== command) return [`the command is said to be ${line.command}`];
    if (line.exitCode !== exitCode) return [`the exit code is said to be ${line.exitCode}, and is ${exitCode}`];
    if (line.type === "error") return mistakes("error", line);
    return line.type === "result" ? mistakes(resultOf(command ?? ""), line) : [`the last line is a ${line.type}`];
  });
  if (wrong.length > 0) throw new Error(`${command}:\n${wrong.join("\n")}\n${stdout}`);
  return lines;
}

function parsed(text: string): Line {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`no JSON: ${text}`);
  }
}

/** The definitions with nothing allowed that they do not name; but for those on which others build. */
function closedDefinitions(): Record<string, unknown> {
  const bases = ["line", "result"];
  return Object.fromEntries(
    Object.entries(schema.$defs).map(([name, shape]) => {
      if (bases.includes(name)) return [name, shape];
      const closed = closedBelow(shape);
      return [name, shape.allOf === undefined ? closed : { ...withoutClosing(closed), unevaluatedProperties: false }];
    }),
  );
}

function closedBelow(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closedBelow);
  if (node === null || typeof node !== "object") return node;
  const below = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closedBelow(value)]));
  const isObject = "properties" in node && "type" in node && !("additionalProperties" in node);
  return isObject ? { ...below, additionalProperties: false } : below;
}

function withoutClosing(node: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(node ?? {}).filter(([key]) => key !== "additionalProperties"));
}
