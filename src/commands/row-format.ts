import { alignColumns, type Column, renderTable } from "../ui/table.ts";
import { parseTemplate, templateFields } from "../ui/template.ts";

export interface RowFormat<Row> {
  readonly columns: readonly Column<Row>[];
  /** The names that a template may use. */
  readonly fields: readonly (string & keyof Row)[];
  /** Headings of `table TEMPLATE`, for the fields that are not headed by their name. */
  readonly headings?: Readonly<Partial<Record<string & keyof Row, string>>>;
}

/**
 * Rows in one of docker's formats: `table` (also when absent), `table TEMPLATE`, `json` (one object a line), or a Go
 * template for each row.
 */
export function formatRows<Row extends object>(
  rows: readonly Row[],
  format: string | undefined,
  { columns, fields, headings }: RowFormat<Row>,
): string {
  if (format === undefined || format === "" || format === "table") return renderTable(columns, rows);
  if (format === "json") return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const isTable = format.startsWith("table ");
  const template = isTable ? format.slice("table ".length) : format;
  const render = parseTemplate(template, fields);
  const lines = rows.map((row) => render(Object.fromEntries(Object.entries(row))));
  if (!isTable) return lines.map((line) => `${line}\n`).join("");
  const heading = templateFields(template).map((field) => headingOf(field, new Map(Object.entries(headings ?? {}))));
  return alignColumns([heading, ...lines.map((line) => line.split("\t"))]);
}

/** `MountPoint` → `MOUNT POINT`, where the rows have no heading of their own for it. */
function headingOf(field: string, own: ReadonlyMap<string, unknown>): string {
  const heading = own.get(field);
  if (typeof heading === "string") return heading;
  return field.replace(/([a-z])([A-Z])/g, "$1 $2").toUpperCase();
}
