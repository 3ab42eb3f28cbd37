/** An instruction with its variables in place. Pure. */

import type { EngineError } from "../../errors.ts";
import { complain } from "./dockerfile/complain.ts";
import type { Heredoc } from "./dockerfile/heredoc.ts";
import type { Instruction } from "./dockerfile/instruction.ts";
import { splitWords } from "./dockerfile/words.ts";
import { ExpansionError, expand, type Variables } from "./expand.ts";
import { parsePorts } from "./ports.ts";

export interface Evaluation {
  readonly variables: Variables;
  readonly escapeWith: string;
}

/** EngineError 400 for a bad substitution, port or signal, with the instruction's place. */
export function evaluate(instruction: Instruction, { variables, escapeWith }: Evaluation): Instruction {
  const plain = (text: string) => expand(text, variables, { escapeWith });
  const documents = (heredocs: readonly Heredoc[]) =>
    heredocs.map((heredoc) =>
      heredoc.expand ? { ...heredoc, content: expand(heredoc.content, variables, { escapeWith, raw: true }) } : heredoc,
    );
  try {
    switch (instruction.keyword) {
      case "ENV":
      case "LABEL":
        return {
          ...instruction,
          pairs: instruction.pairs.map(({ key, value }) => ({ key: plain(key), value: plain(value) })),
        };
      case "ARG":
        return {
          ...instruction,
          args: instruction.args.map(({ key, value }) => ({
            key: plain(key),
            ...(value !== undefined && { value: plain(value) }),
          })),
        };
      case "EXPOSE": {
        // A variable may hold several ports.
        const words = instruction.words.toSorted().flatMap((word) => splitWords(plain(word), escapeWith));
        for (const word of words) parsePorts(word);
        return { ...instruction, words };
      }
      case "VOLUME":
        return { ...instruction, words: instruction.words.map(plain) };
      case "USER":
      case "WORKDIR":
        return { ...instruction, value: plain(instruction.value) };
      case "STOPSIGNAL": {
        const value = plain(instruction.value);
        if (!isSignal(value)) throw complain(instruction.span, `invalid signal: ${value}`);
        return { ...instruction, value };
      }
      case "COPY":
      case "ADD": {
        const { from, chown, chmod, checksum } = instruction;
        return {
          ...instruction,
          sources: instruction.sources.map(plain),
          destination: plain(instruction.destination),
          heredocs: documents(instruction.heredocs),
          ...(from !== undefined && { from: plain(from) }),
          ...(chown !== undefined && { chown: plain(chown) }),
          ...(chmod !== undefined && { chmod: plain(chmod) }),
          ...(checksum !== undefined && { checksum: plain(checksum) }),
        };
      }
      case "RUN":
        // The shell expands the command, and its here-documents, itself.
        return { ...instruction, mounts: instruction.mounts.map(plain) };
      default:
        return instruction;
    }
  } catch (error) {
    if (error instanceof ExpansionError || error instanceof RangeError) throw at(instruction, error);
    throw error;
  }
}

const at = (instruction: Instruction, error: Error): EngineError =>
  complain(instruction.span, `${instruction.keyword}: ${error.message}`);

/** `SIGTERM`, `TERM`, `9`, `RTMIN+3`, in any case. */
function isSignal(text: string): boolean {
  return /^[1-9][0-9]?$/.test(text) || /^(SIG)?([A-Z]+[12]?|RTM(IN|AX)([+-][0-9]+)?)$/i.test(text);
}
