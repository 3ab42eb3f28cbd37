/** Ports as EXPOSE takes them: `80`, `53/udp`, `8000-8010/tcp`. Pure. */

/** Each as `80/tcp`. Throws RangeError for what is none. */
export function parsePorts(text: string): readonly string[] {
  const [, first = "", last = first, protocol = "tcp"] =
    /^([0-9]{1,5})(?:-([0-9]{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const from = Number(first);
  const to = Number(last);
  if (first === "" || from < 1 || to > 65535 || to < from) {
    throw new RangeError(
      `invalid port: "${text}" (expected a number, or a range, from 1 to 65535, and perhaps /tcp or /udp)`,
    );
  }
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}/${protocol.toLowerCase()}`);
}
