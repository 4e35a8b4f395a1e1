import { FIN, Opcode, RSV1 } from './ws-frame.js';

/*
 * How a client's frame begins (RFC 6455, 5.2):
 *
 *     0       1       2          4               6      8     10           14
 *     ┌───────┬───────┬──────────────┬ ─ ─ ─ ─ ─
 *     │ FR op │ 0–125 │     mask     │ payload …
 *     ├───────┼───────┼─────────┬────┴─────────┬ ─ ─ ─ ─ ─
 *     │ FR op │  126  │length16 │     mask     │ payload …
 *     ├───────┼───────┼─────────┴──────────────┴─────────┬────────────┬ ─ ─ ─
 *     │ FR op │  127  │             length64             │    mask    │ payload …
 *     └───────┴───────┴──────────────────────────────────┴────────────┴ ─ ─ ─
 */

const RESERVED = 0x70;
const OPCODES: ReadonlySet<number> = new Set(Object.values(Opcode));
export const OPCODE = 0x0f;
/** Opcodes from here on are control frames, which are short and never in fragments. */
export const CONTROL = 0x8;
export const MASKED = 0x80;
export const LENGTH = 0x7f;
/** In place of a length: it follows in two bytes, or in eight. */
export const LENGTH_16 = 126;
export const LENGTH_64 = 127;
export const MASK_BYTES = 4;
const LONGEST_CONTROL = 125;

/**
 * What is wrong with a frame that begins with these two bytes.
 *
 * @param within whether a message in fragments has begun; @param compression whether it was agreed on
 */
export function headerProblem(
  first: number,
  second: number,
  within: boolean,
  compression: boolean,
): string | undefined {
  const opcode = first & OPCODE;
  const length = second & LENGTH;
  const reserved = first & RESERVED;
  if (reserved !== 0) {
    if (!compression || reserved !== RSV1) return 'A frame with RSV bits, whose meaning no extension gave.';
    if (opcode !== Opcode.TEXT && opcode !== Opcode.BINARY) {
      return `A frame of opcode ${opcode} with RSV1: only the first frame of a message tells that it is compressed.`;
    }
  }
  if (!OPCODES.has(opcode)) return `A frame of opcode ${opcode}, which means nothing.`;
  if (opcode >= CONTROL) {
    if ((first & FIN) === 0) return `A fragment of opcode ${opcode}: FIN must be set in a control frame.`;
    if (length > LONGEST_CONTROL) return `A control frame of length ${length}: 125 is the longest allowed.`;
    if (opcode === Opcode.CLOSE && length === 1) return 'A close frame of length 1: a code has two bytes.';
  } else if (opcode === Opcode.CONTINUATION) {
    if (!within) return 'A frame of opcode 0 that continues no message.';
  } else if (within) {
    return `A frame of opcode ${opcode} within a message in fragments: expected opcode 0.`;
  }
  return second < MASKED ? 'A frame that is not masked: MASK must be set in a client’s frames.' : undefined;
}
