/** Messages behind each other in one piece of memory, which can change hands: each with its length before it. */

const headLength = 4;

export function frame(messages: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = messages.reduce((sum, message) => sum + headLength + message.length, 0);
  const bytes = Buffer.from(new ArrayBuffer(length));
  let at = 0;
  for (const message of messages) {
    bytes.writeUInt32LE(message.length, at);
    bytes.set(message, at + headLength);
    at += headLength + message.length;
  }
  return bytes;
}

export function* framesIn({ buffer, byteOffset, byteLength }: Uint8Array): Generator<Buffer, void, undefined> {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  for (let at = 0; at < bytes.length; ) {
    const end = at + headLength + bytes.readUInt32LE(at);
    yield bytes.subarray(at + headLength, end);
    at = end;
  }
}
