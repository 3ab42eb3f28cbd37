import { describe, expect, it } from "vitest";
import type { Diagnostic, Source, Span } from "../../src/errors.ts";
import { renderDiagnostics } from "../../src/ui/diagnostics.ts";
import { makeStyle } from "../../src/ui/style.ts";

const source: Source = {
  path: "/srv/shop/compose.yaml",
  text: "services:\n  web:\n    depends_on:\n      - dbb\n\tx: y\n\nlast: 1",
};
const view = { style: makeStyle(false), directory: "/srv/shop" };

function spanOf(text: string, where: Source = source): Span {
  const start = where.text.indexOf(text);
  return { source: where, start, end: start + text.length };
}

function error(diagnostic: Partial<Diagnostic>): Diagnostic {
  return { severity: "error", code: "some-code", message: "something is wrong", ...diagnostic };
}

describe("renderDiagnostics", () => {
  it("names the place, shows the line and marks what is meant, with the hint behind the carets", () => {
    const message = 'service "web" depends on undefined service "dbb"';
    const diagnostic = error({ message, code: "undefined-service", span: spanOf("dbb"), hint: 'did you mean "db"?' });
    expect(renderDiagnostics([diagnostic], view)).toBe(
      [
        'compose.yaml:4:9: error: service "web" depends on undefined service "dbb" [undefined-service]',
        "4 |       - dbb",
        '  |         ^^^ did you mean "db"?',
        "",
      ].join("\n"),
    );
  });

  it("keeps tabs in front of the carets, so that they stand below the place", () => {
    expect(renderDiagnostics([error({ span: spanOf("y") })], view)).toContain("5 | \tx: y\n  | \t   ^\n");
  });

  it("marks only the first line of a longer place", () => {
    expect(renderDiagnostics([error({ span: spanOf("web:\n    depends_on:") })], view)).toContain(
      "2 |   web:\n  |   ^^^^\n",
    );
  });

  it("shows no line where the place is behind the last one or on an empty one, and keeps the hint", () => {
    const end = { source: { ...source, text: "a:\n" }, start: 3, end: 3 };
    expect(renderDiagnostics([error({ span: end, hint: "add one" })], view)).toBe(
      "compose.yaml:2:1: error: something is wrong [some-code]\n  add one\n",
    );
  });

  it("cuts a very long line down to the part around the place", () => {
    const long: Source = { path: "/srv/shop/c.json", text: `{${"x".repeat(500)}"bad"${"y".repeat(500)}}` };
    const [, line = "", carets = ""] = renderDiagnostics([error({ span: spanOf('"bad"', long) })], view).split("\n");
    expect(line.length).toBeLessThan(180);
    expect(line.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe('"bad"');
  });

  it("names a file outside the directory by its whole path, and standard input as such", () => {
    const elsewhere = { ...source, path: "/etc/compose.yaml" };
    expect(renderDiagnostics([error({ span: spanOf("dbb", elsewhere) })], view)).toMatch(/^\/etc\/compose\.yaml:4:9: /);
    const stdin = { ...source, path: "-" };
    expect(renderDiagnostics([error({ span: spanOf("dbb", stdin) })], view)).toMatch(/^<stdin>:4:9: /);
  });

  it("tells a warning without a place, and notes with places of their own", () => {
    const warning = error({ severity: "warning", notes: [{ message: "extended here", span: spanOf("web") }] });
    expect(renderDiagnostics([warning], view)).toBe(
      "warning: something is wrong [some-code]\n  compose.yaml:2:3: note: extended here\n",
    );
  });

  it("uses colours only when told to", () => {
    const text = renderDiagnostics([error({ span: spanOf("dbb") })], { ...view, style: makeStyle(true) });
    expect(text).toContain("\x1b[31m^^^\x1b[39m");
  });
});
