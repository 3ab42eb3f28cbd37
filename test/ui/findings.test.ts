import { expect, it } from "vitest";
import { plainFindings } from "../../src/ui/findings.ts";

const source = { path: "/project/compose.yaml", text: "services:\n  web:\n    imge: nginx\n" };

it("says where a finding begins and ends, as editors count", () => {
  const span = { source, start: 21, end: 25 };
  const note = { message: "the service is here", span: { source, start: 12, end: 15 } };
  const finding = { severity: "error", code: "unknown-attribute", message: "unknown attribute", span } as const;
  expect(plainFindings([{ ...finding, hint: 'did you mean "image"?', notes: [note] }])).toEqual([
    {
      severity: "error",
      code: "unknown-attribute",
      message: "unknown attribute",
      hint: 'did you mean "image"?',
      location: { path: "/project/compose.yaml", line: 3, column: 5, endLine: 3, endColumn: 9 },
      notes: [
        {
          message: "the service is here",
          location: { path: "/project/compose.yaml", line: 2, column: 3, endLine: 2, endColumn: 6 },
        },
      ],
    },
  ]);
});

it("leaves the place out where no file is at fault", () => {
  const warning = { severity: "warning", code: "several-files", message: "found several" } as const;
  expect(plainFindings([warning])).toEqual([warning]);
});
