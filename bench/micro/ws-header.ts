import assert from 'node:assert/strict';
import { wsProtocol } from '#src/gateway/protocols/ws-frame.js';
import { newClient } from './filled-directory.js';
import { type Suite, type Task, repeated } from './suite.js';

/** The frame of one client's own message. */
export const wsHeader: Suite = {
  name: 'ws-header',
  title: 'make a websocket frame of 64 bytes',
  prepare() {
    const { connection: transport } = newClient(1);
    const message = Buffer.alloc(64, 'x');
    const header = Buffer.from([0x81, message.length]);
    const expected = Buffer.concat([header, message]);
    const task = (name: string, make: () => Buffer): Task => {
      assert.deepEqual(make(), expected, `${name} makes another frame`);
      return repeated(name, make);
    };
    return [
      task('header and message written into one buffer', () => wsProtocol.encode(message, false, transport)),
      task('a header that is there, Buffer.concat', () => Buffer.concat([header, message])),
      task('Buffer.alloc, which fills with zeros first', () => {
        const frame = Buffer.alloc(2 + message.length);
        frame[0] = 0x81;
        frame[1] = message.length;
        message.copy(frame, 2);
        return frame;
      }),
    ];
  },
};
