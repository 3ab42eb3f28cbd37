import { describe, expect, it } from "vitest";
import { cutArgv, type FlagShapes, spellOut } from "../../src/commands/argv.ts";
import { UsageError } from "../../src/errors.ts";

const globals: FlagShapes = {
  file: { type: "option", char: "f", multiple: true },
  "project-name": { type: "option", char: "p" },
  "project-directory": { type: "option", aliases: ["workdir"] },
  "dry-run": { type: "boolean" },
};
const logs: FlagShapes = {
  follow: { type: "boolean", char: "f" },
  timestamps: { type: "boolean", char: "t" },
  tail: { type: "option", char: "n" },
  orphans: { type: "boolean", allowNo: true },
};

function spell(...argv: string[]): string[] {
  return spellOut(cutArgv(argv, globals), globals, logs);
}

describe("cutArgv", () => {
  it("finds the verb behind global flags and their values", () => {
    expect(cutArgv(["-f", "up", "--project-name", "down", "logs", "-f", "web"], globals)).toEqual({
      before: ["-f", "up", "--project-name", "down"],
      verb: "logs",
      after: ["-f", "web"],
    });
  });

  it("answers no verb where there are only flags", () => {
    expect(cutArgv(["--dry-run", "-pshop"], globals).verb).toBeUndefined();
  });

  it("rejects a flag in front of the verb that is not global", () => {
    expect(() => cutArgv(["--follow", "logs"], globals)).toThrow(new UsageError("unknown flag --follow"));
  });
});

describe("spellOut", () => {
  it("takes global flags before and after the verb", () => {
    expect(spell("-f", "a.yaml", "logs", "--file", "b.yaml", "web")).toEqual([
      "--file=a.yaml",
      "--file=b.yaml",
      "--",
      "web",
    ]);
  });

  it("gives a letter to the verb's own flag behind the verb, and to the global one before it", () => {
    expect(spell("-f", "a.yaml", "logs", "-f")).toEqual(["--file=a.yaml", "--follow"]);
  });

  it("reads letters in one word, with the value of the last one", () => {
    expect(spell("logs", "-ftn5")).toEqual(["--follow", "--timestamps", "--tail=5"]);
    expect(spell("-fx.yaml", "-p=shop", "logs")).toEqual(["--file=x.yaml", "--project-name=shop"]);
  });

  it("takes the last value of a flag that has one", () => {
    expect(spell("-p", "a", "logs", "-p", "b", "--tail", "1", "-n2")).toEqual(["--project-name=b", "--tail=2"]);
  });

  it("takes an old name for the new one", () => {
    expect(spell("--workdir", "/srv", "logs")).toEqual(["--project-directory=/srv"]);
  });

  it("keeps a value that looks like a flag, a lone dash, an empty value and an equals sign in a value", () => {
    expect(spell("-f", "-", "logs", "--tail", "-1", "--project-name=", "-f=false")).toEqual([
      "--file=-",
      "--tail=-1",
      "--project-name=",
    ]);
    expect(spell("logs", "--tail=a=b")).toEqual(["--tail=a=b"]);
  });

  it("switches off with =false what an earlier word switched on", () => {
    expect(spell("logs", "-f", "--follow=false", "--timestamps=1")).toEqual(["--timestamps"]);
    expect(spell("logs", "--orphans=false")).toEqual(["--no-orphans"]);
    expect(spell("logs", "--no-orphans")).toEqual(["--no-orphans"]);
  });

  it("passes on what stands behind -- untouched", () => {
    expect(spell("logs", "-f", "--", "-n", "--tail")).toEqual(["--follow", "--", "-n", "--tail"]);
  });

  it.each([
    [["logs", "--folow"], "unknown flag --folow", 'did you mean "--follow"?'],
    [["logs", "-x"], "unknown flag -x", undefined],
    [["logs", "-fx"], "unknown flag -x in -fx", undefined],
    [["logs", "--tail"], "flag --tail needs a value", undefined],
    [["logs", "--follow=maybe"], 'flag --follow is true or false, not "maybe"', undefined],
    [["logs", "--constructor"], "unknown flag --constructor", undefined],
    [["logs", "--no-follow"], "unknown flag --no-follow", 'did you mean "--follow"?'],
  ])("says of %j what is wrong", (argv, message, hint) => {
    const failure = catchError(() => spell(...argv));
    expect(failure).toBeInstanceOf(UsageError);
    expect(failure).toMatchObject({ message });
    expect((failure as UsageError).hint).toBe(hint);
  });
});

function catchError(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("spellOut of a verb that takes a command", () => {
  const spellExec = (...after: string[]) =>
    spellOut({ before: [], after }, globals, { user: { type: "option", char: "u" } }, { takesCommand: true });

  it("leaves what stands behind the first word alone, flags and dashes too", () => {
    expect(spellExec("-u5", "web", "ls", "-l", "--", "--user=7")).toEqual([
      "--user=5",
      "--",
      "web",
      "ls",
      "-l",
      "--",
      "--user=7",
    ]);
  });

  it("takes dashes in front of the first word for the end of its own flags", () => {
    expect(spellExec("--", "web", "ls", "-u")).toEqual(["--", "web", "ls", "-u"]);
  });
});
