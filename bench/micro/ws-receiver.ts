import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import * as wsPackage from 'ws';
import { unmask } from '#src/gateway/protocols/ws-mask.js';
import { WsReceiver } from '#src/gateway/protocols/ws-receiver.js';
import type { Suite, Task } from './suite.js';

const FRAMES = 16;
const LENGTH = 64;
/** With it ASCII stays ASCII: what is unmasked in place is the same again two runs later, and valid in both. */
const MASK = Buffer.from([1, 2, 3, 4]);
const ROUNDS = 100;

/** What @types/ws does not know. */
const { Receiver } = wsPackage as unknown as {
  Receiver: new (
    options: object,
  ) => {
    on(event: 'message', listener: (data: Buffer) => void): void;
    write(chunk: Buffer): void;
  };
};

/** A chunk of a client's frames, as its socket hands it over. */
export const wsReceiver: Suite = {
  name: 'ws-receiver',
  title: `read a websocket message of ${LENGTH} bytes, ${FRAMES} in a chunk`,
  prepare() {
    const frame = Buffer.concat([Buffer.from([0x81, 0x80 | LENGTH]), MASK, Buffer.alloc(LENGTH, 'x')]);
    const chunk = Buffer.concat(Array.from({ length: FRAMES }, () => frame));
    let count = 0;
    const task = (name: string, receive: () => void): Task => {
      count = 0;
      receive();
      assert.equal(count, FRAMES, `${name} reads too few`);
      return {
        name,
        operations: ROUNDS * FRAMES,
        run() {
          for (let round = 0; round < ROUNDS; round++) receive();
        },
      };
    };
    const own = new WsReceiver(
      {
        inflates: false,
        onMessage: () => count++,
        onPing: unexpected,
        onPong: unexpected,
        onClose: unexpected,
        onForbidden: unexpected,
        onInflating: unexpected,
        onInflated: unexpected,
        onFinished: unexpected,
      },
      LENGTH,
    );
    const theirs = new Receiver({ isServer: true, maxPayload: LENGTH });
    theirs.on('message', () => count++);
    return [task('our receiver', () => own.receive(chunk)), task('that of ws', () => theirs.write(chunk))];
  },
};

function unexpected(): never {
  assert.fail('the frames are messages');
}

/** Text is unmasked, and looked at for valid UTF-8. */
function maskSuite(length: number): Suite {
  return {
    name: `ws-mask-${length}`,
    title: `unmask ${length} bytes of text and see whether it is valid`,
    prepare() {
      const bytes = Buffer.concat([MASK, Buffer.alloc(length, 'x')]);
      return [
        maskTask('both at once', () => unmask(bytes, 4, 4 + length)),
        maskTask('byte by byte, then isUtf8', () => {
          for (let index = 4; index < bytes.length; index++) bytes[index] ^= bytes[index % 4];
          return isUtf8(bytes.subarray(4));
        }),
      ];
    },
  };
}

function maskTask(name: string, isValid: () => boolean): Task {
  assert.ok(isValid(), name);
  return {
    name,
    operations: ROUNDS,
    run() {
      for (let round = 0; round < ROUNDS; round++) isValid();
    },
  };
}

export const wsMasks: readonly Suite[] = [maskSuite(64), maskSuite(4096)];
