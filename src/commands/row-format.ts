import { alignColumns, type Column, renderTable } from "../ui/table.ts";
import { parseTemplate, templateFields } from "../ui/template.ts";

export interface RowFormat<Row> {
  readonly columns: readonly Column<Row>[];
  /** The names that a template may use. */
  readonly fields: readonly (string & keyof Row)[];
}

/**
 * Rows in one of docker's formats: `table` (also when absent), `table TEMPLATE`, `json` (one object a line), or a Go
 * template for each row.
 */
export function formatRows<Row extends object>(
  rows: readonly Row[],
  format: string | undefined,
  { columns, fields }: RowFormat<Row>,
): string {
  if (format === undefined || format === "" || format === "table") return renderTable(columns, rows);
  if (format === "json") return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const isTable = format.startsWith("table ");
  const template = isTable ? format.slice("table ".length) : format;
  const render = parseTemplate(template, fields);
  const lines = rows.map((row) => render(Object.fromEntries(Object.entries(row))));
  if (!isTable) return lines.map((line) => `${line}\n`).join("");
  const heading = templateFields(template).map((field) => headingOf(field));
  return alignColumns([heading, ...lines.map((line) => line.split("\t"))]);
}

/** `RunningFor` is headed CREATED as docker does; any other field by its name. */
function headingOf(field: string): string {
  if (field === "RunningFor") return "CREATED";
  return field.replace(/([a-z])([A-Z])/g, "$1 $2").toUpperCase();
}
