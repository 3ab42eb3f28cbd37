/**
 * Protocol Buffers' wire format for messages that are described as data: encoding and decoding, with the types inferred.
 * Pure. Source: https://protobuf.dev/programming-guides/encoding/
 */

/** `int`: a whole number up to 2^53; `int64`: any, as a bigint. */
interface Scalars {
  string: string;
  bytes: Buffer;
  bool: boolean;
  int: number;
  int64: bigint;
}

type Single = keyof Scalars | Message;

/** A field's number on the wire, and what it holds: one, any number of them, or a map with keys of text. */
export type Field =
  | readonly [number, Single]
  | readonly [number, "repeated", Single]
  | readonly [number, "map", Single];

export interface Message {
  readonly [name: string]: Field;
}

type ValueOf<T extends Single> = T extends keyof Scalars ? Scalars[T] : T extends Message ? Decoded<T> : never;

/** What decoding gives. Fields that were not sent: a message is undefined, everything else its zero. */
export type Decoded<M extends Message> = {
  -readonly [K in keyof M]: M[K] extends readonly [number, "repeated", infer T extends Single]
    ? ValueOf<T>[]
    : M[K] extends readonly [number, "map", infer T extends Single]
      ? Map<string, ValueOf<T>>
      : M[K] extends readonly [number, infer T extends Single]
        ? T extends Message
          ? Decoded<T> | undefined
          : ValueOf<T>
        : never;
};

type Given<T extends Single> = T extends "bytes"
  ? Uint8Array
  : T extends keyof Scalars
    ? Scalars[T]
    : T extends Message
      ? Encodable<T>
      : never;

/** What encoding takes. Zeros may be left out. */
export type Encodable<M extends Message> = {
  readonly [K in keyof M]?:
    | (M[K] extends readonly [number, "repeated", infer T extends Single]
        ? readonly Given<T>[]
        : M[K] extends readonly [number, "map", infer T extends Single]
          ? ReadonlyMap<string, Given<T>>
          : M[K] extends readonly [number, infer T extends Single]
            ? Given<T>
            : never)
    | undefined;
};

/** Bytes that are not what they should be: cut off, or of another type. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
}

interface Writer {
  bytes: Buffer;
  at: number;
}

/** What messages are written into before they are copied out: one buffer for all, for there may be very many. */
let scratch: Buffer = Buffer.allocUnsafe(16 * 1024);
const largestScratch = 1024 * 1024;

export function encode<const M extends Message>(message: M, value: Encodable<M>): Buffer {
  const writer: Writer = { bytes: scratch, at: 0 };
  writeMessage(writer, message, value);
  if (writer.bytes.length <= largestScratch) scratch = writer.bytes;
  return Buffer.from(writer.bytes.subarray(0, writer.at));
}

function writeMessage(writer: Writer, message: Message, value: Readonly<Record<string, unknown>>): void {
  for (const [name, field] of planOf(message).fields) {
    const given = value[name];
    if (given === undefined) continue;
    const [number] = field;
    if (field.length === 2) writeOne(writer, number, field[1], given, false);
    else if (field[1] === "repeated")
      for (const one of given as readonly unknown[]) writeOne(writer, number, field[2], one, true);
    else {
      const entry = entryOf(field[2]);
      for (const [key, one] of given as ReadonlyMap<string, unknown>)
        writeOne(writer, number, entry, { key, value: one }, true);
    }
  }
}

/** A map is on the wire a list of messages. Source: the guide above, "Maps". */
const entryOf = (type: Single) => ({ key: [1, "string"], value: [2, type] }) as const satisfies Message;

function writeOne(writer: Writer, number: number, type: Single, value: unknown, always: boolean): void {
  if (type === "bool" || type === "int" || type === "int64") {
    if (Number(value) === 0 && !always) return;
    writeVarint(writer, number << 3);
    writeVarint(writer, asUnsigned(value as boolean | number | bigint));
  } else if (type === "string" || type === "bytes") {
    const length = type === "string" ? Buffer.byteLength(value as string) : (value as Uint8Array).length;
    if (length === 0 && !always) return;
    writeVarint(writer, (number << 3) | 2);
    writeVarint(writer, length);
    reserve(writer, length);
    if (type === "string") writer.bytes.write(value as string, writer.at);
    else writer.bytes.set(value as Uint8Array, writer.at);
    writer.at += length;
  } else {
    writeVarint(writer, (number << 3) | 2);
    const start = writer.at;
    writeMessage(writer, type, value as Encodable<Message>);
    insertLength(writer, start);
  }
}

/** Puts the length of what was written since before it: it is known only then. */
function insertLength(writer: Writer, start: number): void {
  const length = writer.at - start;
  writeVarint(writer, length);
  const head = writer.at - start - length;
  writer.bytes.copyWithin(start + head, start, start + length);
  writer.at = start;
  writeVarint(writer, length);
  writer.at = start + head + length;
}

/** Negative numbers are written as 64 bits. */
function asUnsigned(value: boolean | number | bigint): number | bigint {
  return typeof value === "bigint" || Number(value) < 0 ? BigInt.asUintN(64, BigInt(value)) : Number(value);
}

const longestVarint = 10;

/** A bigint is taken apart in two: most of the work is done on numbers. */
function writeVarint(writer: Writer, value: number | bigint): void {
  reserve(writer, longestVarint);
  const { bytes } = writer;
  let rest = Number(value);
  if (typeof value === "bigint" && value >= 1n << 42n) {
    let low = Number(BigInt.asUintN(42, value));
    for (let i = 0; i < 6; i++, low = Math.floor(low / 128)) bytes[writer.at++] = (low % 128) | 0x80;
    rest = Number(value >> 42n);
  }
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes[writer.at++] = (rest % 128) | 0x80;
  bytes[writer.at++] = rest;
}

function reserve(writer: Writer, length: number): void {
  const { bytes, at } = writer;
  if (at + length <= bytes.length) return;
  writer.bytes = Buffer.allocUnsafe(Math.max(2 * bytes.length, at + length));
  writer.bytes.set(bytes.subarray(0, at));
}

/** Fields that the description does not have are skipped. Bytes are not copied. Throws ProtobufError. */
export function decode<const M extends Message>(message: M, bytes: Buffer): Decoded<M> {
  const { zero, byNumber } = planOf(message);
  const value: Record<string, unknown> = {};
  for (const [name, make] of zero) value[name] = make();
  const reader = { bytes, at: 0 };
  while (reader.at < bytes.length) {
    const tag = Number(readVarint(reader));
    const found = byNumber.get(tag >>> 3);
    if (found === undefined) {
      skip(reader, tag & 7);
      continue;
    }
    const [name, field] = found;
    if (field.length === 2) value[name] = readOne(reader, tag & 7, field[1], name);
    else if (field[1] === "repeated") readRepeated(reader, tag & 7, field[2], name, value[name] as unknown[]);
    else {
      const entry = decode(entryOf(field[2]), readBytes(reader, tag & 7, name));
      (value[name] as Map<string, unknown>).set(entry.key, entry.value);
    }
  }
  return value as Decoded<M>;
}

interface Plan {
  readonly fields: readonly (readonly [string, Field])[];
  readonly zero: readonly (readonly [string, () => unknown])[];
  readonly byNumber: ReadonlyMap<number, readonly [string, Field]>;
}

const plans = new WeakMap<Message, Plan>();

function planOf(message: Message): Plan {
  const known = plans.get(message);
  if (known !== undefined) return known;
  const plan = {
    fields: Object.entries(message),
    zero: Object.entries(message).map(([name, field]) => [name, zeroOf(field)] as const),
    byNumber: new Map(Object.entries(message).map(([name, field]) => [field[0], [name, field]] as const)),
  };
  plans.set(message, plan);
  return plan;
}

const empty = Buffer.alloc(0);

function zeroOf(field: Field): () => unknown {
  if (field.length === 3) return field[1] === "repeated" ? () => [] : () => new Map();
  const zeros = { string: "", bytes: empty, bool: false, int: 0, int64: 0n };
  const [, type] = field;
  return typeof type === "string" ? () => zeros[type] : () => undefined;
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

/** Numbers may come packed: many in one. */
function readRepeated(reader: Reader, wire: number, type: Single, name: string, into: unknown[]): void {
  if (wire !== 2 || (type !== "int" && type !== "int64" && type !== "bool")) {
    into.push(readOne(reader, wire, type, name));
    return;
  }
  const packed = { bytes: readBytes(reader, wire, name), at: 0 };
  while (packed.at < packed.bytes.length) into.push(readOne(packed, 0, type, name));
}

function readOne(reader: Reader, wire: number, type: Single, name: string): unknown {
  if (type === "int" || type === "int64" || type === "bool") {
    if (wire !== 0) throw new ProtobufError(`the field ${name} is of another type`);
    const whole = readVarint(reader);
    if (type === "bool") return whole !== 0 && whole !== 0n;
    if (type === "int64") return BigInt.asIntN(64, BigInt(whole));
    return typeof whole === "number" ? whole : Number(BigInt.asIntN(64, whole));
  }
  const bytes = readBytes(reader, wire, name);
  if (type === "string") return bytes.toString("utf8");
  return type === "bytes" ? bytes : decode(type, bytes);
}

function readBytes(reader: Reader, wire: number, name: string): Buffer {
  if (wire !== 2) throw new ProtobufError(`the field ${name} is of another type`);
  return take(reader, Number(readVarint(reader)));
}

/** A number up to four bytes long, else a bigint: most are short. */
function readVarint(reader: Reader): number | bigint {
  const { bytes } = reader;
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[reader.at++];
    if (byte === undefined) throw new ProtobufError("a number is cut off");
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  let long = BigInt(value);
  for (let shift = 28n; shift < 70n; shift += 7n) {
    const byte = bytes[reader.at++];
    if (byte === undefined) break;
    long |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asUintN(64, long);
  }
  throw new ProtobufError("a number is cut off, or longer than 64 bits");
}

function skip(reader: Reader, wire: number): void {
  if (wire === 0) readVarint(reader);
  else if (wire === 1) take(reader, 8);
  else if (wire === 2) take(reader, Number(readVarint(reader)));
  else if (wire === 5) take(reader, 4);
  else throw new ProtobufError(`there is no wire type ${wire}`);
}

function take(reader: Reader, length: number): Buffer {
  const end = reader.at + length;
  if (!(end <= reader.bytes.length)) throw new ProtobufError("a message is cut off");
  const bytes = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return bytes;
}
