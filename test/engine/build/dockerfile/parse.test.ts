import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Instruction } from "../../../../src/engine/build/dockerfile/instruction.ts";
import { parseDockerfile } from "../../../../src/engine/build/dockerfile/parse.ts";
import { placeOf } from "../../../../src/errors.ts";

const directory = new URL("cases/", import.meta.url);

describe("a Dockerfile as it is read", () => {
  for (const file of readdirSync(directory).sort()) {
    const path = new URL(file, directory);
    const text = readFileSync(path, "utf8");
    const title = text.slice(0, text.indexOf("\n"));
    it(title, () => {
      const start = text.indexOf("-- Dockerfile --\n") + "-- Dockerfile --\n".length;
      const end = text.search(/^-- (?:read|error) --$/m);
      const given = end === -1 ? text : text.slice(0, end);
      const actual = given + outcome(given.slice(start));
      if (process.env.UPDATE === "1") writeFileSync(path, actual);
      else expect(actual).toBe(text);
    });
  }
});

/** One line for each instruction: its place, then what it says beside its own text. */
function outcome(text: string): string {
  try {
    const { args, stages, directives } = parseDockerfile({ path: "Dockerfile", text });
    const lines = [...args, ...stages.flatMap(({ from, instructions }) => [from, ...instructions])].map(show);
    return `-- read --\n${JSON.stringify(directives)}\n${lines.join("\n")}\n`;
  } catch (error) {
    return `-- error --\n${error instanceof Error ? error.message : String(error)}\n`;
  }
}

function show({ span, text: _, keyword, ...rest }: Instruction): string {
  const lines = [span.start, span.end].map((offset) => placeOf(span.source.text, offset).line);
  return `${[...new Set(lines)].join("-")} ${keyword} ${JSON.stringify(rest)}`;
}
