/**
 * The lines of a build. Stages run at the same time, but are told of one after the other: the first one that is not over
 * tells as it goes, the others when it is their turn.
 */

import type { Progress } from "../api.ts";

export interface StageOutput {
  tell(line: Progress): void;
  say(text: string): void;
  /** Nothing more comes: the next stage has its turn. */
  end(): void;
}

/** `count`: how many stages there are. */
export function orderOutput(count: number, tell: (line: Progress) => void): (place: number) => StageOutput {
  const held = Array.from({ length: count }, (): Progress[] => []);
  const ended = new Set<number>();
  let turn = 0;
  const advance = () => {
    while (turn < count) {
      for (const line of held[turn]?.splice(0) ?? []) tell(line);
      if (!ended.has(turn)) return;
      turn++;
    }
  };
  return (place) => {
    const one = (line: Progress) => {
      held[place]?.push(line);
      if (place === turn) advance();
    };
    return {
      tell: one,
      say: (text) => one({ stream: text }),
      end: () => {
        ended.add(place);
        advance();
      },
    };
  };
}
