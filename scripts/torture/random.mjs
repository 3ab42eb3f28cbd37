/** Chance that can be had again: numbers from a seed. */

/** mulberry32: 0 <= number < 1. */
export function openRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    /** A whole number, from..to with both ends. */
    whole: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: (list) => list[Math.floor(next() * list.length)],
    chance: (part) => next() < part,
    /** A source of its own for one of many workers: their turns do not disturb each other's numbers. */
    fork: () => openRandom(Math.floor(next() * 2 ** 32)),
  };
}
