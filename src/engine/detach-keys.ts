/** The keys that end an attachment and leave the container running. Pure. */

import { badRequest } from "./refusal.ts";

/** ctrl-p ctrl-q. */
const usual = Buffer.from([0x10, 0x11]);

/**
 * The bytes of a key sequence as docker writes it: characters and `ctrl-<letter, @, [, \, ], ^ or _>`, with commas between.
 * Absent or empty: ctrl-p, ctrl-q. EngineError 400 for anything else.
 */
export function parseDetachKeys(text: string | undefined): Buffer {
  if (text === undefined || text === "") return usual;
  return Buffer.from(text.split(",").map(parseKey));
}

function parseKey(key: string): number {
  if (key.length === 1 && key.charCodeAt(0) < 0x80) return key.charCodeAt(0);
  const [, letter] = /^ctrl-([a-z@[\\\]^_])$/i.exec(key) ?? [];
  // A control character is its letter without the bits above.
  if (letter !== undefined) return letter.toUpperCase().charCodeAt(0) & 0x1f;
  throw badRequest(`Invalid escape keys (${key}) provided`);
}

export interface DetachScan {
  /** What to pass on. A beginning of the sequence is held back until it is clear that it is none. */
  readonly pass: Buffer;
  readonly detached: boolean;
}

/** Looks for a key sequence in input that comes in pieces; what stands behind it is dropped. */
export function scanDetachKeys(keys: Buffer): (piece: Uint8Array) => DetachScan {
  let matched = 0;
  return (piece) => {
    const pass: number[] = [];
    for (const byte of piece) {
      if (byte === keys[matched]) {
        matched++;
        if (matched === keys.length) return { pass: Buffer.from(pass), detached: true };
        continue;
      }
      pass.push(...keys.subarray(0, matched));
      matched = byte === keys[0] ? 1 : 0;
      if (matched === 0) pass.push(byte);
    }
    return { pass: Buffer.from(pass), detached: false };
  };
}
