import assert from 'node:assert/strict';
import { OutgoingMessage } from '#src/gateway/outgoing-message.js';
import { wsProtocol } from '#src/gateway/protocols/ws-frame.js';
import { Flag } from '#src/wire/command.js';
import { newClient } from './filled-directory.js';
import type { Suite } from './suite.js';

const CLIENTS = 1000;

/** A message to many clients as the bytes that each is sent. */
export const broadcast: Suite = {
  name: 'broadcast',
  title: `one 64-byte message as websocket frames for ${CLIENTS} clients, per client`,
  prepare() {
    const clients = Array.from({ length: CLIENTS }, (_, number) => newClient(number));
    const body = Buffer.alloc(64, 'x');
    const text = body.toString();
    const frameLength = wsProtocol.encode(body, false, clients[0].connection).length;
    const task = (name: string, bytes: () => number) => ({
      name,
      operations: CLIENTS,
      run: () => assert.equal(bytes(), CLIENTS * frameLength),
    });
    return [
      task('encoded once for all', () => {
        const message = new OutgoingMessage(body, Flag.PLAIN_BODY);
        return clients.reduce((sum, client) => sum + message.encodedFor(client).length, 0);
      }),
      task('encoded for each', () =>
        clients.reduce(
          (sum, { connection: transport }) => sum + wsProtocol.encode(body, false, transport).length,
          0,
        ),
      ),
      task('encoded for each, from a string', () =>
        clients.reduce(
          (sum, { connection: transport }) =>
            sum + wsProtocol.encode(Buffer.from(text), false, transport).length,
          0,
        ),
      ),
    ];
  },
};
