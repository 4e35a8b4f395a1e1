import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Client } from '#src/gateway/client.js';
import { Outbox } from '#src/gateway/outbox.js';
import { FakeTransport } from '../support/fake-transport.js';

interface Write {
  readonly client: number;
  readonly bytes: Buffer;
  readonly messages: number;
}

function scene(count: number): { outbox: Outbox; clients: Client[]; writes: Write[] } {
  const writes: Write[] = [];
  const outbox = new Outbox((client, bytes, messages) => writes.push({ client: client.id, bytes, messages }));
  const clients = Array.from({ length: count }, (_, id) => new Client(id, new FakeTransport(), 0));
  return { outbox, clients, writes };
}

const [A, B, C] = ['A', 'B', 'C'].map((text) => Buffer.from(text));

describe('the outbox', () => {
  it('writes once per client and tick, in the order of the pushes', async () => {
    const { outbox, clients, writes } = scene(2);
    outbox.push(clients[0], A);
    outbox.push(clients[1], B);
    outbox.push(clients[0], C);
    outbox.push(clients[0], A);
    assert.equal(writes.length, 0);
    await Promise.resolve();
    assert.deepEqual(
      writes.map(({ client, bytes, messages }) => [client, bytes.toString(), messages]),
      [
        [0, 'ACA', 3],
        [1, 'B', 1],
      ],
    );
    outbox.push(clients[0], B);
    await Promise.resolve();
    assert.equal(writes.length, 3);
  });

  it('clients that are sent the same frames share one buffer', () => {
    const { outbox, clients, writes } = scene(1000);
    for (const frame of [A, B, C]) for (const client of clients) outbox.push(client, frame);
    outbox.flush();
    assert.equal(writes.length, 1000);
    assert.equal(new Set(writes.map(({ bytes }) => bytes)).size, 1);
    assert.equal(writes[0].bytes.toString(), 'ABC');
  });

  it('a single frame is written as it is, without a copy', () => {
    const { outbox, clients, writes } = scene(2);
    for (const client of clients) outbox.push(client, A);
    outbox.flush();
    assert.deepEqual(
      writes.map(({ bytes }) => bytes === A),
      [true, true],
    );
  });

  it('those who are sent something else in between get just that', () => {
    const { outbox, clients, writes } = scene(4);
    const [one, two, three, four] = clients;
    for (const client of [one, two, four]) outbox.push(client, A);
    outbox.push(three, C);
    for (const client of clients) outbox.push(client, B);
    outbox.push(two, C);
    outbox.flush();
    assert.deepEqual(writes.map(({ client, bytes }) => `${client}${bytes.toString()}`).toSorted(), [
      '0AB',
      '1ABC',
      '2CB',
      '3AB',
    ]);
    const bytesOf = (client: Client): Buffer | undefined =>
      writes.find(({ client: id }) => id === client.id)?.bytes;
    assert.equal(bytesOf(one), bytesOf(four));
  });

  it('flushClient writes what waits for one client now, and the tick’s end nothing more', async () => {
    const { outbox, clients, writes } = scene(2);
    for (const client of clients) outbox.push(client, A);
    outbox.flushClient(clients[0]);
    outbox.flushClient(clients[0]);
    assert.deepEqual(
      writes.map(({ client }) => client),
      [0],
    );
    outbox.push(clients[0], B);
    await Promise.resolve();
    assert.deepEqual(
      writes.map(({ client, bytes }) => `${client}${bytes.toString()}`),
      ['0A', '0B', '1A'],
    );
  });
});
