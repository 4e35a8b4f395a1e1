import { RingReceiver } from '#src/link/ring-receiver.js';
import { RingSender } from '#src/link/ring-sender.js';
import { Doorbell } from '#src/ring/doorbell.js';
import { WHOLE, createRing } from '#src/ring/layout.js';
import { RingReader } from '#src/ring/reader.js';
import { RingWriter } from '#src/ring/writer.js';
import { Command } from '#src/wire/command.js';
import { emptyFrame } from '#src/wire/frame.js';
import type { Suite } from './suite.js';

const RING_BYTES = 2 ** 20;
const COUNT = 1000;

/** 64 bytes through a ring, both ends in this thread: what the ring itself costs, without waking anybody. */
export const ring: Suite = {
  name: 'ring',
  title: 'write and read 64 bytes, in one thread',
  prepare() {
    let read = 0;
    return [recordTask(), frameTask(), queueTask()];

    function recordTask() {
      const memory = createRing(RING_BYTES);
      const writer = new RingWriter(memory);
      const reader = new RingReader(memory, () => {});
      const bytes = Buffer.alloc(64, 'x');
      return {
        name: 'RingWriter, RingReader',
        operations: COUNT,
        run() {
          for (let count = 0; count < COUNT; count++) {
            writer.data.set(bytes, writer.claim(bytes.length));
            writer.commit(WHOLE);
            writer.publish();
          }
          reader.poll((data, offset) => (read += data[offset]), COUNT);
        },
      };
    }

    function frameTask() {
      const memory = createRing(RING_BYTES);
      const doorbell = new Doorbell();
      const sender = new RingSender(memory, doorbell, RING_BYTES, () => {});
      const receiver = new RingReceiver(memory, doorbell, ({ connectionId }) => (read += connectionId));
      const frame = { ...emptyFrame(), command: Command.SEND_TO_ONE, body: Buffer.alloc(36, 'x') };
      return {
        name: 'RingSender, RingReceiver: the same as a frame',
        operations: COUNT,
        run() {
          for (let count = 0; count < COUNT; count++) sender.send(frame);
          receiver.poll(COUNT);
        },
      };
    }

    function queueTask() {
      const bytes = Buffer.alloc(64, 'x');
      return {
        name: 'an array of copies, which no other thread could see',
        operations: COUNT,
        run() {
          const queue: Buffer[] = [];
          for (let count = 0; count < COUNT; count++) queue.push(Buffer.from(bytes));
          for (const copy of queue) read += copy[0];
        },
      };
    }
  },
};
