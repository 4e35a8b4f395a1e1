import assert from 'node:assert/strict';
import { ClientRecord } from '#src/gateway/client-record.js';
import { Outbox } from '#src/gateway/outbox.js';
import type { Connection } from '#src/gateway/protocols/protocol.js';
import type { Suite, Task } from './suite.js';

const CLIENTS = 1000;
const MESSAGES = 16;
const FRAME_LENGTH = 66;

/** All that the outbox looks at of a client's connection: everything written was taken at once. */
const transport = { bufferedBytes: 0 } as Connection;

/** One tick's messages gathered for 1,000 clients, 16 each, and joined to one buffer per client. */
export const outbox: Suite = {
  name: 'outbox',
  title: 'gather and join what clients are sent in one tick, per message and client',
  prepare() {
    const shared = Array.from({ length: MESSAGES }, () => Buffer.alloc(FRAME_LENGTH, 'x'));
    const own = Array.from({ length: CLIENTS }, () =>
      Array.from({ length: MESSAGES }, () => Buffer.alloc(FRAME_LENGTH, 'x')),
    );
    const broadcast = (_: number, message: number): Buffer => shared[message];
    // like messages to groups: other ones for every client, and each of them for many
    const mixed = (client: number, message: number): Buffer =>
      shared[(message + Math.floor(client / 2 ** message)) % MESSAGES];
    const echo = (client: number, message: number): Buffer => own[client][message];
    return [
      treeTask('the same for all: outbox', broadcast),
      arraysTask('the same for all: an array per client', broadcast),
      treeTask('other shared ones for each: outbox', mixed),
      arraysTask('other shared ones for each: an array per client', mixed),
      treeTask('another for each: outbox', echo),
      arraysTask('another for each: an array per client', echo),
    ];
  },
};

type FrameOf = (client: number, message: number) => Buffer;

function treeTask(name: string, frameOf: FrameOf): Task {
  const clients = Array.from({ length: CLIENTS }, (_, number) => new ClientRecord(number, transport, 0));
  let bytes = 0;
  const box = new Outbox((_, joined) => (bytes += joined.length));
  return {
    name,
    operations: CLIENTS * MESSAGES,
    run() {
      bytes = 0;
      for (let message = 0; message < MESSAGES; message++) {
        for (let number = 0; number < CLIENTS; number++) box.push(clients[number], frameOf(number, message));
      }
      box.flush();
      assert.equal(bytes, CLIENTS * MESSAGES * FRAME_LENGTH);
    },
  };
}

function arraysTask(name: string, frameOf: FrameOf): Task {
  const clients = Array.from({ length: CLIENTS }, () => ({ outgoing: [] as Buffer[] }));
  return {
    name,
    operations: CLIENTS * MESSAGES,
    run() {
      let bytes = 0;
      for (let message = 0; message < MESSAGES; message++) {
        for (let number = 0; number < CLIENTS; number++)
          clients[number].outgoing.push(frameOf(number, message));
      }
      for (const client of clients) {
        bytes += Buffer.concat(client.outgoing).length;
        client.outgoing = [];
      }
      assert.equal(bytes, CLIENTS * MESSAGES * FRAME_LENGTH);
    },
  };
}
