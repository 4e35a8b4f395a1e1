import { isUtf8 } from 'node:buffer';
import { Flag } from '../wire/command.js';
import { base64Text, NAMED_BYTES } from '../wire/named-bytes.js';
import type { TraceEntry } from '../ops/requests/trace.js';

/** Characters of a message that a trace has when nobody has asked for more, and bytes of the longest otherwise. */
const SHOWN = 80;
const LONGEST = 256 * 1024;
/** Bytes of a character. */
const WIDEST = 4;

type Shown = Pick<TraceEntry, 'text' | 'size' | 'binary' | 'cut'>;

/** A message as a trace shows it: what is in a ring now is copied. @param flags Flag.NAMED, Flag.BINARY */
export function shownMessage(body: Buffer, flags: number, whole: boolean): Shown {
  const named = (flags & NAMED_BYTES) === NAMED_BYTES;
  const bytes = named ? base64Text(body) : body;
  const binary = !named && ((flags & Flag.BINARY) !== 0 || !isUtf8(body));
  return { ...shownBytes(bytes, whole, binary), size: body.length, ...(binary && { binary }) };
}

/** Text, or what is none as hexadecimal digits. */
export function shownBytes(bytes: Buffer, whole: boolean, binary = !isUtf8(bytes)): Shown {
  const most = whole ? LONGEST : binary ? SHOWN / 2 : SHOWN * WIDEST;
  const part = bytes.subarray(0, most);
  const { text, cut } = shownText(part.toString(binary ? 'hex' : 'utf8'), whole);
  return { text, size: bytes.length, ...((cut === true || part.length < bytes.length) && { cut: true }) };
}

export function shownText(text: string, whole: boolean): Pick<Shown, 'text' | 'cut'> {
  if (whole || text.length <= SHOWN) return { text };
  // half of a character is none
  return { text: text.slice(0, SHOWN).replace(/[\ud800-\udbff]$/, ''), cut: true };
}
