/** One column: its heading, and the cell of a row. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => string;
}

/** How wide the columns of a table are, in characters. */
export interface TableShape {
  /** Of a column with the space behind it. */
  readonly least: number;
  /** Between a column's widest cell and the next column. */
  readonly gap: number;
}

/** As docker's own tables. */
const usual: TableShape = { least: 10, gap: 3 };
/** As the tables that docker compose draws itself: `ls`, `images`. */
export const wide: TableShape = { least: 20, gap: 3 };

/** Rows under headings, as docker's tables are. No trailing spaces; ends with a line feed. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  shape: TableShape = usual,
): string {
  const headings = columns.map(({ heading }) => heading);
  return alignColumns([headings, ...rows.map((row) => columns.map(({ cell }) => cell(row)))], shape);
}

/** Lines of cells, each column as wide as its widest cell. */
export function alignColumns(lines: readonly (readonly string[])[], { least, gap }: TableShape = usual): string {
  const widths: number[] = [];
  for (const cells of lines) {
    for (const [i, cell] of cells.entries()) widths[i] = Math.max(widths[i] ?? least, cell.length + gap);
  }
  return lines
    .map(
      (cells) =>
        `${cells
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("")
          .trimEnd()}\n`,
    )
    .join("");
}
