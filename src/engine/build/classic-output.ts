/**
 * A build as docker's classic builder tells of it: a line for each instruction. Stages run at the same time, but are told of
 * one after the other: the first one that is not over tells as it goes, the others when it is their turn.
 */

import type { Progress } from "../api.ts";
import { type BuildOutput, type StageOutput, silent } from "./output.ts";
import type { BuildPlan } from "./plan-stages.ts";

export function openClassicOutput({ stages, steps }: BuildPlan, tell: (line: Progress) => void): BuildOutput {
  const held = stages.map((): Progress[] => []);
  const ended = new Set<number>();
  let turn = 0;
  const advance = () => {
    while (turn < stages.length) {
      for (const line of held[turn]?.splice(0) ?? []) tell(line);
      if (!ended.has(turn)) return;
      turn++;
    }
  };
  const stage = (place: number): StageOutput => {
    const progress = (line: Progress) => {
      held[place]?.push(line);
      if (place === turn) advance();
    };
    const say = (text: string) => progress({ stream: text });
    let number = stages[place]?.firstStep ?? 0;
    return {
      begin: ({ text }, isTrigger) => {
        if (!isTrigger) {
          say(`Step ${number++}/${steps} : ${text}`);
          say("\n");
        }
        return {
          progress,
          cached: () => say(" ---> Using cache\n"),
          started: (container) => say(` ---> Running in ${short(container)}\n`),
          log: ({ data }) => say(data.toString("utf8")),
          ended: (container) => say(` ---> Removed intermediate container ${short(container)}\n`),
          done: (id) => {
            if (!isTrigger) say(` ---> ${id === "" ? "" : short(id)}\n`);
          },
          failed: () => {},
        };
      },
      triggers: (count) => say(`# Executing ${count} build trigger${count === 1 ? "" : "s"}\n`),
      end: () => {
        ended.add(place);
        advance();
      },
    };
  };
  return { stage, task: () => silent, warn: (text) => tell({ stream: `[Warning] ${text}\n` }) };
}

const short = (id: string) => id.replace(/^sha256:/, "").slice(0, 12);
