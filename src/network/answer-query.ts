/** What the containers' resolver answers on its own, as docker's does. */

import { isIPv4 } from "node:net";
import type { Answer } from "dns-packet";
import type { Query, ResponseCode } from "./dns-message.ts";
import { addressOfReverse, type NameBook } from "./names.ts";
import type { NamedContainer } from "./switchboard-state.ts";

/** Seconds. */
const timeToLive = 600;

export interface OwnAnswer {
  readonly code: ResponseCode;
  readonly answers: readonly Answer[];
}

/** Undefined: the question is for somebody else. `shuffle` puts replicas in an order of its own each time. */
export function answerQuery(
  book: NameBook,
  client: NamedContainer,
  query: Query,
  shuffle: (addresses: readonly string[]) => readonly string[],
): OwnAnswer | undefined {
  const { name, type } = query;
  if (type === "PTR") {
    const address = addressOfReverse(name);
    const data = address === undefined ? undefined : book.nameOf(client, address);
    return data === undefined ? undefined : found([{ type: "PTR", name, ttl: timeToLive, data }]);
  }
  if (!["A", "AAAA", "MX"].includes(type)) return undefined;
  const addresses = book.addressesOf(client, name);
  if (addresses === undefined) {
    // A resolver that leads nowhere says that it failed: "there is none" would be kept by caches.
    const dead = client.internal || (client.wholeNamesOnly && !name.includes("."));
    return dead ? { code: "SERVFAIL", answers: [] } : undefined;
  }
  // A name that is known but has no such address: no answer, and no error either.
  const fitting = type === "MX" ? [] : addresses.filter((address) => isIPv4(address) === (type === "A"));
  return found(shuffle(fitting).map((data) => ({ type: type === "A" ? "A" : "AAAA", name, ttl: timeToLive, data })));
}

const found = (answers: readonly Answer[]): OwnAnswer => ({ code: "NOERROR", answers });

/** A random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: () => number = Math.random): readonly T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [result[last], result[other]];
    if (a !== undefined && b !== undefined) [result[last], result[other]] = [b, a];
  }
  return result;
}
