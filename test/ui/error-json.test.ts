import { describe, expect, it } from "vitest";
import { EngineError, GantryError, InterruptedError, ProjectError, UsageError } from "../../src/errors.ts";
import { StepError } from "../../src/reconcile/step-error.ts";
import { plainErrors } from "../../src/ui/error-json.ts";

const source = { path: "/shop/compose.yaml", text: "services:\n  web: {depends_on: [dbb]}\n" };
const at = source.text.indexOf("dbb");
const undefinedService = {
  severity: "error",
  code: "undefined-service",
  message: "no such service: dbb",
  hint: 'did you mean "db"?',
  span: { source, start: at, end: at + 3 },
} as const;

describe("plainErrors", () => {
  it("gives every finding of the files with its code and its place", () => {
    const { exitCode, errors } = plainErrors(new ProjectError([undefinedService, undefinedService]));
    expect(exitCode).toBe(1);
    expect(errors).toHaveLength(2);
    expect(errors[0]).toEqual({
      severity: "error",
      code: "undefined-service",
      message: "no such service: dbb",
      hint: 'did you mean "db"?',
      location: { path: "/shop/compose.yaml", line: 2, column: 22, endLine: 2, endColumn: 25 },
    });
  });

  it("tells errors of usage, of the engine, interruptions and others apart, each with its exit code", () => {
    const cases: readonly (readonly [Error, number, object])[] = [
      [new UsageError("unknown flag"), 1, { code: "usage" }],
      [new EngineError("no such container", { status: 404 }), 1, { code: "engine", status: 404 }],
      [new EngineError("not found", { exitCode: 127 }), 127, { code: "engine" }],
      [new InterruptedError(), 130, { code: "interrupted" }],
      [new GantryError("no service selected", { hint: "name one" }), 1, { code: "failed", hint: "name one" }],
    ];
    for (const [error, exitCode, fields] of cases) {
      const { message } = error;
      expect(plainErrors(error)).toEqual({ exitCode, errors: [{ severity: "error", message, ...fields }] });
    }
  });

  it("shows what explains the failure of a step", () => {
    const evidence = [{ title: "the last lines of its log", lines: ["cannot bind"] }];
    expect(plainErrors(new StepError("web is unhealthy", evidence)).errors[0]).toMatchObject({ evidence });
  });

  it("keeps each of several errors, and the highest exit code", () => {
    const both = plainErrors(new AggregateError([new GantryError("a"), new InterruptedError()]));
    expect(both.exitCode).toBe(130);
    expect(both.errors.map(({ code }) => code)).toEqual(["failed", "interrupted"]);
  });

  it("gives a bug of gantry's with its stack", () => {
    const { exitCode, errors } = plainErrors(new TypeError("x is not a function"));
    expect(exitCode).toBe(70);
    expect(errors[0]).toMatchObject({ code: "bug", message: "x is not a function", stack: expect.any(String) });
  });
});
