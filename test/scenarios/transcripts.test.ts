import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import { ended, executable, onEveryEngine, type Stack } from "./harness.ts";
import { type Answer, type Exchange, normalise, readTranscript, transcriptText, wordsOf } from "./transcript.ts";

/**
 * What docker compose 2.40 said stands in transcripts/. With RECORD_TRANSCRIPTS=1, and docker compose on the PATH, the
 * commands run there, and the files are written anew; else gantry runs them, and must say the same.
 */
const isRecording = process.env.RECORD_TRANSCRIPTS === "1";
const folder = path.join(import.meta.dirname, "transcripts");

onEveryEngine("what docker compose says, gantry says", (scenario) => {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const transcript = readTranscript(readFileSync(file, "utf8"));
    scenario(`${name}: ${transcript.title}`, {}, async (stack) => {
      stack.write(
        Object.fromEntries(
          Object.entries(transcript.files).map(([at, content]) => [at, content.replaceAll("PROJECT", stack.project)]),
        ),
      );
      if (isRecording) {
        const exchanges: Exchange[] = [];
        for (const exchange of transcript.exchanges) {
          exchanges.push({ ...exchange, answer: await ask(stack, exchange.command, ["docker", "compose"]) });
        }
        writeFileSync(file, transcriptText({ ...transcript, exchanges }));
        return;
      }
      const said: string[] = [];
      const expected: string[] = [];
      for (const exchange of transcript.exchanges) {
        const answer = await ask(stack, exchange.command, [process.execPath, "--", executable]);
        expected.push(comparable(exchange.command, exchange.answer, exchange));
        said.push(comparable(exchange.command, answer, exchange));
        if (answer.exitCode !== 0 && exchange.answer.exitCode !== 0)
          expect(answer.stderr.join("\n")).not.toMatch(/\bbug\b/);
      }
      expect(said.join("\n")).toBe(expected.join("\n"));
    });
  }
});

/**
 * Runs one command of a transcript: of the tool, or of the shell behind `!`. Standard input is a file behind `<`.
 * `(ended) job` waits until the container of a service has ended.
 */
async function ask(stack: Stack, command: string, tool: readonly string[]): Promise<Answer> {
  const { folder, project, url } = stack;
  const [line = "", input] = command.replaceAll("PROJECT", project).split(" < ");
  if (line.startsWith("(ended) ")) {
    await ended(stack, `${line.split(" ")[1]}-1`);
    return { stdout: [], stderr: [], exitCode: 0 };
  }
  const words = line.startsWith("! ") ? ["sh", "-c", line.slice(2)] : [...tool, ...wordsOf(line)];
  const [program = "", ...args] = words;
  const { stdout, stderr, exitCode } = await execa(program, args, {
    cwd: folder,
    reject: false,
    ...(input === undefined ? { stdin: "ignore" as const } : { inputFile: path.join(folder, input) }),
    stripFinalNewline: false,
    extendEnv: false,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? "/root",
      // Where docker finds its plug-ins.
      ...(isRecording && process.env.DOCKER_CONFIG && { DOCKER_CONFIG: process.env.DOCKER_CONFIG }),
      DOCKER_HOST: url,
      COMPOSE_MENU: "0",
    },
  });
  const circumstances = { folder, project };
  return {
    stdout: inOrder(normalise(stdout, circumstances)),
    stderr: normalise(stderr, circumstances).filter(isStatus).toSorted(),
    exitCode: exitCode ?? -1,
  };
}

/** Lines that different containers write at once come in any order. */
function inOrder(lines: readonly string[]): readonly string[] {
  return lines.every((line) => /^\S+ +\| |^\{|^TIME /.test(line)) ? lines.toSorted() : lines;
}

/** The hint to the menu, and blank lines, belong to the screen. */
function isStatus(line: string): boolean {
  return line.trim() !== "";
}

/** What of an answer must be equal. What is said of an error is each tool's own; that something is said, is not. */
function comparable(command: string, { stdout, stderr, exitCode }: Answer, { differs, answer }: Exchange): string {
  const isError = answer.exitCode !== 0 && stderr.length > 0;
  const statuses = isError ? ["(an error)"] : stderr;
  return [
    `$ ${command}`,
    ...(differs.has("stdout") ? [] : stdout.map((line) => `1| ${line}`.trimEnd())),
    ...(differs.has("stderr") ? [] : statuses.map((line) => `2| ${line}`.trimEnd())),
    ...(differs.has("exitCode") ? [] : [`= ${exitCode}`]),
  ].join("\n");
}
