import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { type WsReader, WsReceiver } from '#src/gateway/protocols/ws-receiver.js';
import { usedMemory } from '../../support/memory.js';
import { SeededRandom } from '../../support/random.js';
import { corpus } from './corpus.js';
import { Opcode, RSV1, wsFrame } from './formats.js';

/*
 * Compressed messages that were damaged on the way, in their bytes or in their frames. MUTATIONS=1000000 takes some minutes, and
 * also says what becomes of the memory.
 */

const SEED = Number(process.env['GW_SEED'] ?? 20261128);
const MUTATIONS = Number(process.env.MUTATIONS ?? 10_000);
const random = new SeededRandom(SEED);
/** Bytes of the longest message. */
const LONGEST = 100_000;
const ENDING = Buffer.from('0000ffff', 'hex');
const SYNC = constants.Z_SYNC_FLUSH;

const LENGTHS = [2, 20, 70, 200, 500, 1_500];
/** The first are inflated by another thread, the last become too long. */
const GREAT_LENGTHS = [40_000, LONGEST + 1];

/** Messages of these lengths, and compressed. */
function sound(lengths: readonly number[]) {
  return lengths.flatMap((length) =>
    [corpus.json, corpus.text, corpus.anyBytes].flatMap((make) =>
      [1, 6].map((level) => {
        const message = make(length);
        return { message, payload: deflateRawSync(message, { level, finishFlush: SYNC }).subarray(0, -4) };
      }),
    ),
  );
}

const SHORT = sound(LENGTHS);
const LONG = sound(GREAT_LENGTHS);

/** One message, or what it was refused for. */
class Reader implements WsReader {
  readonly inflates = true;
  message: Buffer | undefined;
  code: number | undefined;
  readonly receiver = new WsReceiver(this, LONGEST);
  onFinished = (): void => {};

  onMessage(data: Buffer): void {
    assert.ok(data.length <= LONGEST);
    this.message ??= Buffer.from(data);
  }

  onForbidden(code: number): void {
    assert.equal(this.code, undefined);
    this.code = code;
  }

  onPing(): void {}
  onPong(): void {}
  onClose(): void {}
  onInflating(): void {}
  onInflated(): void {}
}

/** A copy with one to three places changed. */
function damaged(bytes: Buffer): Buffer {
  let copy = Buffer.from(bytes);
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(copy.length + 1);
    const piece = Buffer.from(Array.from({ length: 1 + random.below(4) }, () => random.below(256)));
    const kind = random.below(5);
    if (kind === 0) copy = copy.subarray(0, at);
    else if (kind === 1) copy = Buffer.concat([copy.subarray(0, at), piece, copy.subarray(at)]);
    else if (kind === 2) copy = Buffer.concat([copy.subarray(0, at), copy.subarray(at + piece.length)]);
    else if (kind === 3) copy.set(piece.subarray(0, copy.length - at), at);
    else if (at < copy.length) copy[at] ^= 1 << random.below(8);
  }
  return copy;
}

/** A message in one to three frames. */
function framed(payload: Buffer): Buffer {
  const parts: Buffer[] = [];
  let rest = payload;
  for (let left = random.below(3); left >= 0; left--) {
    const length = left === 0 ? rest.length : random.below(rest.length + 1);
    const opcode = parts.length === 0 ? RSV1 | Opcode.binary : Opcode.continuation;
    parts.push(wsFrame(opcode, rest.subarray(0, length), left === 0));
    rest = rest.subarray(length);
  }
  return Buffer.concat(parts);
}

/** What a receiver makes of these bytes, however they are cut. */
async function read(stream: Buffer): Promise<Reader> {
  const reader = new Reader();
  for (const chunk of random.chunks(stream, 1 + random.below(2 * stream.length + 1))) {
    reader.receiver.receive(Buffer.from(chunk));
  }
  await new Promise<void>((resolve) => {
    reader.onFinished = resolve;
    if (reader.receiver.finish()) resolve();
  });
  return reader;
}

/** What zlib makes of the payload alone, as far as it gets: one that is cut off may go on in what the receiver adds, and end there. */
function inflated(payload: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, ENDING]), { finishFlush: SYNC, maxOutputLength: LONGEST });
}

function startsWith(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.subarray(0, beginning.length).equals(beginning);
}

describe(`${MUTATIONS} compressed messages, damaged`, { timeout: 3_600_000 }, () => {
  before(() => console.log(`mutation seed ${SEED}; set GW_SEED to run with another`));

  it('are refused, or what zlib makes of them', async () => {
    const outcomes = new Map<string, number>();
    let memory = 0;
    for (let count = 0; count < MUTATIONS; count++) {
      const { message, payload } = random.pick(random.below(50) === 0 ? LONG : SHORT);
      const kind = random.below(10);
      if (kind === 0) {
        // not damaged at all
        const { message: came, code } = await read(framed(payload));
        if (message.length > LONGEST) assert.equal(code, 1009);
        else assert.ok(came?.equals(message));
      } else if (kind <= 6) {
        const bytes = damaged(payload);
        const { message: came, code } = await read(framed(bytes));
        if (came === undefined) assert.ok(code === 1007 || code === 1009);
        else assert.ok(startsWith(came, inflated(bytes)));
        const outcome = came === undefined ? String(code) : 'message';
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      } else {
        await read(damaged(framed(payload)));
      }
      if (MUTATIONS > 100_000 && count % 100_000 === 50_000) {
        // a turn of the event loop, for what zlib has to close
        await new Promise((resolve) => void setImmediate(resolve));
        const now = usedMemory();
        const resident = Math.round(process.memoryUsage.rss() / 2 ** 20);
        console.log(`${count}: ${Math.round(now / 1024)} KiB in use, ${resident} MiB resident`);
        if (memory === 0) memory = now;
        else assert.ok(now < memory + 2 ** 20, `${now - memory} bytes more are in use`);
      }
    }
    // worth something only if all of this is met
    console.log(`seed ${SEED}: ${JSON.stringify(Object.fromEntries(outcomes))}`);
    assert.deepEqual([...outcomes.keys()].toSorted(), ['1007', '1009', 'message']);
  });
});
