/** Names of containers: what is one, and one for a container that was given none. */

import { randomInt } from "node:crypto";
import { badRequest } from "../../refusal.ts";

/** The name without its slash. EngineError 400 for what is none. */
export function checkName(text: string): string {
  const name = text.startsWith("/") ? text.slice(1) : text;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) || name.length > 255) {
    throw badRequest(`Invalid container name (${text}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  return name;
}

/** `brave_hopper`; with a number behind it where others were taken. */
export function randomName(attempt: number): string {
  const pick = (words: readonly string[]) => words[randomInt(words.length)] ?? "";
  return `${pick(qualities)}_${pick(surnames)}${attempt > 0 ? String(randomInt(10 ** attempt)) : ""}`;
}

const qualities = (
  "able agile amber apt bold brave brisk bright calm candid clever cosy crisp daring deft eager early elated fair fleet " +
  "fond frank fresh gentle glad golden grand great happy hardy honest jolly jovial keen kind lively loyal lucid mellow " +
  "merry modest neat nimble noble patient placid plucky polite proud quick quiet rapid ready serene sharp silent sleek " +
  "smart snug solid sound spry stable steady sturdy subtle sunny swift tender tidy upbeat vivid warm wise witty zesty"
).split(" ");

/** People who built what computing stands on. */
const surnames = (
  "abbate aiken allen amdahl babbage backus bartik berners booth borg brooks cerf chomsky church clarke codd conway cook " +
  "cray curry dahl dijkstra eckert engelbart estrin euler feinler floyd gauss goldberg goldwasser gray hamilton hamming " +
  "hejlsberg hoare holberton holmes hopper huffman iverson jennings johnson kahn kay keller kernighan kilburn kleene knuth " +
  "lamarr lamport lampson liskov lovelace mccarthy mcilroy meitner milner minsky mockapetris moore nash naur newell noether " +
  "nygaard perlis perlman postel rabin ritchie rivest scott shannon shaw sinclair stroustrup sutherland tarjan thompson " +
  "torvalds turing ullman wilkes wirth yao zuse"
).split(" ");
