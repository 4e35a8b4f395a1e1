import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientRecord } from '#src/gateway/client-record.js';
import { Outbox } from '#src/gateway/outbox.js';
import { FakeTransport } from '../support/fake-transport.js';

interface Write {
  readonly client: number;
  readonly bytes: Buffer;
  readonly messages: number;
}

interface Scene {
  readonly outbox: Outbox<ClientRecord>;
  readonly clients: ClientRecord[];
  readonly transports: FakeTransport[];
  readonly writes: Write[];
  /** What the writes' bytes were when they were written. */
  readonly texts: string[];
}

function scene(count: number): Scene {
  const writes: Write[] = [];
  const texts: string[] = [];
  const outbox = new Outbox<ClientRecord>((client, bytes, messages) => {
    writes.push({ client: client.id, bytes, messages });
    texts.push(bytes.toString());
  });
  const transports = Array.from({ length: count }, () => new FakeTransport());
  const clients = transports.map((transport, id) => new ClientRecord(id, transport, 0));
  return { outbox, clients, transports, writes, texts };
}

const [A, B, C] = ['A', 'B', 'C'].map((text) => Buffer.from(text));

function memory({ bytes }: Write): unknown[] {
  return [bytes.buffer, bytes.byteOffset];
}

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
    const { outbox, clients, writes, texts } = scene(4);
    const [one, two, three, four] = clients;
    for (const client of [one, two, four]) outbox.push(client, A);
    outbox.push(three, C);
    for (const client of clients) outbox.push(client, B);
    outbox.push(two, C);
    outbox.flush();
    assert.deepEqual(writes.map(({ client }, index) => `${client}${texts[index]}`).toSorted(), [
      '0AB',
      '1ABC',
      '2CB',
      '3AB',
    ]);
    const bytesOf = (client: ClientRecord): Buffer | undefined =>
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

  it('each of many clients with frames of its own gets them in order, whoever shares some of them', () => {
    const { outbox, clients, writes, texts } = scene(64);
    const frames = Array.from({ length: 12 }, (_, number) => Buffer.from(`${number},`));
    const expected = clients.map(() => '');
    for (const [number, frame] of frames.entries()) {
      for (const client of clients) {
        if (((client.id * 37 + number * 11) & 63) >= 40) continue;
        outbox.push(client, frame);
        expected[client.id] += frame.toString();
      }
    }
    outbox.flush();
    assert.equal(writes.length, 64);
    for (const [index, { client, messages }] of writes.entries()) {
      assert.equal(texts[index], expected[client]);
      assert.equal(messages, expected[client].split(',').length - 1);
    }
  });

  it('bytes that a connection still holds do not change, and those that it does not hold are written over', () => {
    const { outbox, clients, transports, writes, texts } = scene(3);
    const tick = (): void => {
      for (const client of clients) for (const frame of [A, B, C]) outbox.push(client, frame);
      outbox.push(clients[0], A);
      outbox.push(clients[1], B);
      outbox.push(clients[2], C);
      outbox.flush();
    };
    transports[1].bufferedBytes = 4;
    tick();
    tick();
    assert.deepEqual(texts, ['ABCA', 'ABCB', 'ABCC', 'ABCA', 'ABCB', 'ABCC']);
    const held = writes.filter(({ client }) => client === 1);
    assert.deepEqual(
      held.map(({ bytes }) => bytes.toString()),
      ['ABCB', 'ABCB'],
    );
    assert.deepEqual(memory(writes[2]), memory(writes[3]));
    assert.notDeepEqual(memory(writes[1]), memory(writes[2]));
  });

  it('what is larger than the memory for joining, or fills it up, goes out whole', () => {
    const { outbox, clients, transports, writes } = scene(20);
    for (const transport of transports) transport.bufferedBytes = 1;
    for (const client of clients) {
      outbox.push(client, Buffer.alloc(client.id === 7 ? 100_000 : 9000, client.id));
      outbox.push(client, Buffer.from('.'));
    }
    outbox.flush();
    for (const { client, bytes } of writes) {
      const [body, end] = [bytes.subarray(0, -1), bytes.subarray(-1)];
      assert.equal(body.length, client === 7 ? 100_000 : 9000);
      assert.ok(body.every((byte) => byte === client));
      assert.equal(end.toString(), '.');
    }
  });

  it('what a client was sent in the middle of a tick does not keep others from theirs', () => {
    const { outbox, clients, texts } = scene(2);
    const [one, two] = clients;
    for (const client of clients) for (const frame of [A, B]) outbox.push(client, frame);
    outbox.flushClient(one);
    outbox.push(two, C);
    outbox.push(one, C);
    outbox.push(one, A);
    outbox.flush();
    assert.deepEqual(texts, ['AB', 'CA', 'ABC']);
  });
});
