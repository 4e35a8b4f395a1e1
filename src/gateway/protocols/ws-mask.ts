/** Bytes from which on whole words are faster, though they need a view to be made and their ends trimmed. */
const LONG = 256;
/** The highest bit of each byte of a word. */
const HIGH_BITS = 0x80808080;

/** The mask as the word that this machine's byte order makes of it. */
const maskBytes = new Uint8Array(4);
const maskWord = new Int32Array(maskBytes.buffer);

/**
 * Takes a client's mask (RFC 6455, 5.3) off the bytes from `start` to `end`, where they are. The mask is the four bytes
 * before them.
 *
 * @returns whether all of them are ASCII, which is known for free here, and spares most text a look for valid UTF-8
 */
export function unmask(bytes: Buffer, start: number, end: number): boolean {
  const a = bytes[start - 4];
  const b = bytes[start - 3];
  const c = bytes[start - 2];
  const d = bytes[start - 1];
  if (end - start >= LONG) return unmaskWords(bytes, start, end, [a, b, c, d]);
  let seen = 0;
  let index = start;
  for (; index + 4 <= end; index += 4) {
    seen |= (bytes[index] ^= a) | (bytes[index + 1] ^= b) | (bytes[index + 2] ^= c) | (bytes[index + 3] ^= d);
  }
  if (index < end) seen |= bytes[index++] ^= a;
  if (index < end) seen |= bytes[index++] ^= b;
  if (index < end) seen |= bytes[index] ^= c;
  return seen < 0x80;
}

/** The same four bytes at a time. They have to lie at a multiple of four, so some bytes are left at both ends. */
function unmaskWords(bytes: Buffer, start: number, end: number, mask: readonly number[]): boolean {
  let seen = 0;
  let index = start;
  for (; (bytes.byteOffset + index) % 4 !== 0; index++) seen |= bytes[index] ^= mask[(index - start) % 4];
  for (let n = 0; n < 4; n++) maskBytes[n] = mask[(index - start + n) % 4];
  const word = maskWord[0];
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + index, (end - index) >> 2);
  let seenWords = 0;
  for (let n = 0; n < words.length; n++) seenWords |= words[n] ^= word;
  for (index += words.length * 4; index < end; index++) seen |= bytes[index] ^= mask[(index - start) % 4];
  return seen < 0x80 && (seenWords & HIGH_BITS) === 0;
}
