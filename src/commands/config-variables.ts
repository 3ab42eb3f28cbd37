import { toYaml } from "../compose/render/yaml.ts";
import type { VariableUse } from "../compose/variables.ts";

export type VariablesFormat = "table" | "json" | "yaml";

/** The variables of a project as docker compose prints them, byte for byte but for the order, which is by name. */
export function renderVariables(variables: readonly VariableUse[], format: VariablesFormat): string {
  if (format === "table") return table(variables);
  const entries = variables.map(({ name, required, fallback, alternate }) => ({
    Name: name,
    DefaultValue: fallback,
    PresenceValue: alternate,
    Required: required,
  }));
  const text = JSON.stringify(Object.fromEntries(entries.map((entry) => [entry.Name, entry])), null, 4);
  if (format === "json") return `${text}\n`;
  const lowerCased = entries.map((entry) => [entry.Name, lowerCaseKeys(entry)]);
  // No name and no word has several lines, so every indented line is one attribute.
  return toYaml(Object.fromEntries(lowerCased)).replaceAll(/^ {2}/gm, "    ");
}

function lowerCaseKeys(entry: Readonly<Record<string, string | boolean>>): Record<string, string | boolean> {
  return Object.fromEntries(Object.entries(entry).map(([key, value]) => [key.toLowerCase(), value]));
}

/** Columns of at least 20 characters, three spaces apart; the last one ends the line. */
function table(variables: readonly VariableUse[]): string {
  const rows = [
    ["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"],
    ...variables.map((use) => [use.name, String(use.required), use.fallback, use.alternate]),
  ];
  const widths = [0, 1, 2].map((i) => Math.max(20, ...rows.map((row) => [...(row[i] ?? "")].length + 3)));
  return rows.map((row) => `${row.map((cell, i) => pad(cell, widths[i] ?? 0)).join("")}\n`).join("");
}

function pad(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(0, width - [...cell].length));
}
