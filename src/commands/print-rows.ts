import { formatRows, type RowFormat } from "./row-format.ts";

/** The flags that say how a list is printed. */
export interface ListFlags {
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly format?: string | undefined;
}

/**
 * Prints a list on stdout: with `--quiet` the keys alone, each once and on a line; else in the format (formatRows). With
 * `--json` the rows are the answer, and nothing is printed.
 */
export function printRows<Row extends object>(
  rows: readonly Row[],
  { quiet, json, format }: ListFlags,
  key: (row: Row) => string,
  how: RowFormat<Row>,
): void {
  const keys = () => [...new Set(rows.map(key))].map((text) => `${text}\n`).join("");
  if (!json) process.stdout.write(quiet ? keys() : formatRows(rows, format, how));
}
