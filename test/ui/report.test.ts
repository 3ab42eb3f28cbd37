import { describe, expect, it } from "vitest";
import { EngineError, InterruptedError, ProjectError, UsageError } from "../../src/errors.ts";
import { reportError } from "../../src/ui/report.ts";
import { makeStyle } from "../../src/ui/style.ts";

const view = { style: makeStyle(false), directory: "/srv" };

describe("reportError", () => {
  it("tells a usage error with its hint, exit code 1", () => {
    const error = new UsageError("unknown flag --x", { hint: "Usage: gantry up\nmore" });
    expect(reportError(error, view)).toEqual({
      text: "error: unknown flag --x\n  Usage: gantry up\n  more\n",
      exitCode: 1,
    });
  });

  it("tells every diagnostic of a project", () => {
    const one = { severity: "error", code: "a", message: "first" } as const;
    const two = { severity: "error", code: "b", message: "second" } as const;
    expect(reportError(new ProjectError([one, two]), view)).toEqual({
      text: "error: first [a]\nerror: second [b]\n",
      exitCode: 1,
    });
  });

  it("tells the engine's words without a stack", () => {
    expect(reportError(new EngineError("No such container: x", { status: 404 }), view).text).toBe(
      "error: No such container: x\n",
    );
  });

  it("tells each of several errors, and ends with 70 where one of them is a bug", () => {
    const both = new AggregateError([new EngineError("first"), new EngineError("second")]);
    expect(reportError(both, view)).toEqual({ text: "error: first\nerror: second\n", exitCode: 1 });
    expect(reportError(new AggregateError([new EngineError("first"), new TypeError("x")]), view).exitCode).toBe(70);
  });

  it("says nothing about an interruption, exit code 130", () => {
    expect(reportError(new InterruptedError(), view)).toEqual({ text: "", exitCode: 130 });
  });

  it("shows the stack of anything else, asks for a report and ends with 70", () => {
    const { text, exitCode } = reportError(new TypeError("x is not a function"), view);
    expect(exitCode).toBe(70);
    expect(text).toMatch(/^gantry has a bug: TypeError: x is not a function\n {4}at /);
    expect(text).toContain("report it");
  });
});
