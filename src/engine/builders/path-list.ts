/** Very many paths, by number: joined to few strings, for each string of its own would take several times its length. */

export interface PathList {
  add(path: string): void;
  /** Quickest for numbers that are close to each other. */
  at(number: number): string | undefined;
}

const pathsPerString = 1024;

export function openPathList(): PathList {
  const full: string[] = [];
  let last: string[] = [];
  let split: { readonly number: number; readonly paths: readonly string[] } | undefined;
  return {
    add: (path) => {
      last.push(path);
      if (last.length < pathsPerString) return;
      // No path holds a NUL.
      full.push(last.join("\0"));
      last = [];
    },
    at: (number) => {
      const block = Math.floor(number / pathsPerString);
      if (block >= full.length) return block === full.length ? last[number % pathsPerString] : undefined;
      if (split?.number !== block) split = { number: block, paths: full[block]?.split("\0") ?? [] };
      return split.paths[number % pathsPerString];
    },
  };
}
