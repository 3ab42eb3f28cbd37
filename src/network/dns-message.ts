/** Questions and answers of DNS as bytes (RFC 1035, EDNS of RFC 6891). */

import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, RECURSION_AVAILABLE, TRUNCATED_RESPONSE } from "dns-packet";

export interface Query {
  readonly id: number;
  /** As it was asked, without the dot at the end. */
  readonly name: string;
  readonly type: string;
  /** The longest answer that the client takes over UDP, bytes. */
  readonly longest: number;
  readonly extended: boolean;
  readonly recursionDesired: boolean;
}

export type ResponseCode = "NOERROR" | "FORMERR" | "SERVFAIL" | "NXDOMAIN" | "REFUSED";

const codes: Readonly<Record<ResponseCode, number>> = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };
const recursionDesired = 1 << 8;
/** What a client without EDNS takes. */
const plainLongest = 512;

/** Reads a standard query of one question; undefined for anything else. */
export function readQuery(bytes: Buffer): Query | undefined {
  try {
    const { id = 0, type, flags = 0, questions = [], additionals = [] } = decode(bytes);
    const [question, ...more] = questions;
    if (type !== "query" || ((flags >> 11) & 0xf) !== 0 || question === undefined || more.length > 0) return undefined;
    const extension = additionals.find((record) => record.type === "OPT");
    const longest = extension?.type === "OPT" ? Math.max(plainLongest, extension.udpPayloadSize) : plainLongest;
    return {
      id,
      name: question.name.replace(/\.$/, ""),
      type: question.type,
      longest,
      extended: extension !== undefined,
      recursionDesired: (flags & recursionDesired) !== 0,
    };
  } catch {
    return undefined;
  }
}

/** An answer's bytes. `longest` in bytes: what is longer is cut, and says so; the client asks again over TCP. */
export function answerTo(query: Query, code: ResponseCode, answers: readonly Answer[], longest: number): Buffer {
  const response = (records: readonly Answer[], flags: number) =>
    encode({
      type: "response",
      id: query.id,
      flags:
        codes[code] |
        RECURSION_AVAILABLE |
        (code === "NOERROR" ? AUTHORITATIVE_ANSWER : 0) |
        (query.recursionDesired ? recursionDesired : 0) |
        flags,
      questions: [{ name: query.name, type: query.type as "A", class: "IN" }],
      answers: [...records],
      additionals: query.extended
        ? [
            {
              type: "OPT",
              name: ".",
              udpPayloadSize: 1232,
              extendedRcode: 0,
              ednsVersion: 0,
              flags: 0,
              flag_do: false,
              options: [],
            },
          ]
        : [],
    });
  const whole = response(answers, 0);
  return whole.length <= longest ? whole : response([], TRUNCATED_RESPONSE);
}
