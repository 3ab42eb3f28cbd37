import { expect, it } from "vitest";
import { renderTable } from "../../src/ui/table.ts";

it("aligns columns to their widest cell and leaves no space at the end of a line", () => {
  const columns = [
    { heading: "NAME", cell: ({ name }: { name: string; status: string }) => name },
    { heading: "STATUS", cell: ({ status }: { name: string; status: string }) => status },
  ];
  expect(
    renderTable(columns, [
      { name: "shop-web-1", status: "Up" },
      { name: "db", status: "" },
    ]),
  ).toBe("NAME         STATUS\nshop-web-1   Up\ndb\n");
});

it("prints the headings alone where there are no rows", () => {
  expect(renderTable([{ heading: "NAME", cell: () => "" }], [])).toBe("NAME\n");
});
