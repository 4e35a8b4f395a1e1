/** What clients do, as other programs are told it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type NatsConnection, connect } from '@nats-io/transport-node';
import { ApiClient } from '../support/api-client.js';
import { freePort } from '../support/free-port.js';
import { Inbox } from '../support/inbox.js';
import { NatsServer } from '../support/nats.js';
import { NodeProcess } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

/** What the server takes. */
const MAX_PAYLOAD = 65_536;

interface Published {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One program that consumes events. */
class Consumer {
  readonly #connection: NatsConnection;
  readonly #events = new Inbox<Published>('a consumer of events');

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    connection.subscribe('gatewayworker.events.*', {
      callback: (_, { subject, data }) => {
        const event = subject.replace('gatewayworker.events.', '');
        this.#events.put({ event, data: JSON.parse(Buffer.from(data).toString()) });
      },
    });
  }

  static async start({ url }: NatsServer): Promise<Consumer> {
    const consumer = new Consumer(await connect({ servers: url, reconnect: false }));
    await consumer.#connection.flush();
    return consumer;
  }

  /** The next event, without when it happened. */
  async next(): Promise<object> {
    const { event, data } = await this.#events.next();
    const { time, ...fields } = data;
    assert.ok(Math.abs(Date.now() - Number(time)) < 60_000);
    return { event, ...fields };
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

describe('events of clients', { timeout: 60_000 }, () => {
  const ends: (() => Promise<void>)[] = [];
  let server: NatsServer;
  let node: NodeProcess;
  let quiet: NodeProcess;

  const startCell = async (name: string, events: readonly ('connect' | 'close' | 'message')[]) =>
    await NodeProcess.start({
      name: `${name}-1`,
      events: 'api',
      gateway: { lanPort: await freePort() },
      cluster: { backbone: { servers: [server.url], name, events } },
    });

  before(async () => {
    server = await NatsServer.start({ after: (end) => ends.push(end) }, `max_payload: ${MAX_PAYLOAD}`);
    [node, quiet] = await Promise.all([
      startCell('loud', ['connect', 'close', 'message']),
      startCell('quiet', ['close']),
    ]);
  });
  after(async () => {
    await Promise.all([node, quiet].map((one) => one?.stop()));
    for (const end of ends) await end();
  });

  it('say who came, what they sent and how they left, in order and with numbers', async () => {
    const consumer = await Consumer.start(server);
    const ws = await WsClient.connect(node.url('ws'));
    ws.send(JSON.stringify({ call: 'describe' }));
    const { id } = (await ws.nextJson<{ result: { id: string } }>()).result;
    const of = { cell: 'loud', node: 'loud-1', clientId: id, uid: null };
    assert.deepEqual(await consumer.next(), {
      event: 'connect',
      number: 1,
      ...of,
      remoteAddress: `127.0.0.1:${ws.localPort}`,
      listener: node.url('ws'),
    });
    assert.deepEqual(await consumer.next(), {
      event: 'message',
      number: 1,
      ...of,
      message: '{"call":"describe"}',
    });
    for (const call of [
      { call: 'client.bindUid', args: ['ann'] },
      { call: 'client.join', args: ['room'] },
    ]) {
      ws.send(JSON.stringify(call));
      await ws.next();
      await consumer.next();
    }
    const known = { ...of, uid: 'ann' };
    ws.send(Buffer.from([1, 2, 255]));
    assert.deepEqual(await consumer.next(), { event: 'message', number: 4, ...known, base64: 'AQL/' });
    ws.send(Buffer.alloc(MAX_PAYLOAD));
    assert.deepEqual(await consumer.next(), { event: 'message', number: 5, ...known, omitted: MAX_PAYLOAD });
    ws.socket.close(4001, 'enough');
    assert.deepEqual(await consumer.next(), {
      event: 'close',
      number: 1,
      ...known,
      by: 'client',
      code: 4001,
      reason: 'enough',
      groups: ['room'],
    });
    await consumer.close();
  });

  it('are shortened when they are longer than the server takes', async () => {
    const consumer = await Consumer.start(server);
    const client = await ApiClient.connect(quiet.url('ws'));
    for (let count = 0; count < 100; count++) await client.call('client.join', `${count}`.padEnd(1000, 'g'));
    client.ws.socket.close(1000);
    const { by, omitted } = (await consumer.next()) as { by: string; omitted: number };
    assert.deepEqual([by, omitted], ['client', 100]);
    await consumer.close();
  });

  it('are those that the configuration names, and traces go on beside them', async () => {
    const consumer = await Consumer.start(server);
    const client = await ApiClient.connect(quiet.url('ws'));
    const { next } = await quiet.trace({ clientId: client.id });
    assert.ok(next);
    await client.call('describe');
    client.ws.socket.close(1000);
    const { clientId } = (await consumer.next()) as { clientId: string };
    assert.equal(clientId, client.id);
    const { entries } = await quiet.trace({ clientId: client.id, after: next });
    assert.deepEqual(
      entries.map(({ what }) => what).filter((what) => what !== 'send'),
      ['message', 'end', 'close'],
    );
    await consumer.close();
  });

  it('that nobody could take are counted, and seen by their numbers', async () => {
    await server.down();
    await quiet.logged('broke');
    for (let count = 0; count < 3; count++) {
      const ws = await WsClient.connect(quiet.url('ws'));
      ws.socket.close(1000);
      await ws.closed;
    }
    const { lost } = await quiet.logged('events of clients are not published');
    assert.ok(Number(lost) > 0 && Number(lost) <= 3);
    await server.up();
    await quiet.logged('the backbone is there');
    const consumer = await Consumer.start(server);
    const ws = await WsClient.connect(quiet.url('ws'));
    ws.socket.close(1000);
    const { number } = (await consumer.next()) as { number: number };
    assert.equal(number, 6, 'two before, and three that are missing');
    await consumer.close();
  });
});
