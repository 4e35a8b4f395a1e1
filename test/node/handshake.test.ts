import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { bootNode } from '#src/testing/index.js';
import { fixture } from '../support/fixtures.js';
import { SplitNode } from '../support/split-node.js';
import { WsClient } from '../support/ws-client.js';

/** A port whose workers have an onHandshake, wherever they run. */
interface Door {
  readonly url: string;
  readonly log: ReadonlyArray<{ readonly msg: string }>;
  reload(): Promise<void>;
  stop(): Promise<void>;
}

const gateway = { listen: [{ url: 'ws://127.0.0.1:0', subprotocols: ['chat'] }] };

const DOORS: Readonly<Record<string, () => Promise<Door>>> = {
  async 'threads of the same node'() {
    const events = fixture('events/handshake');
    const node = await bootNode({ config: { gateway, worker: { count: 2, events } } });
    const { urls, log } = node;
    return { url: urls[0], log, reload: () => node.reload(), stop: () => node.close() };
  },
  async 'workers of another node'() {
    const node = await SplitNode.start({ events: 'handshake', gateway });
    const { url, log, pool } = node;
    return { url, log, reload: () => pool.reload(10_000), stop: () => node.stop() };
  },
};

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** What a handshake that is not let in is answered with. */
async function refusal(
  url: string,
  options: { protocols?: string[]; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const socket = new WebSocket(url, options.protocols ?? [], { headers: options.headers });
  socket.on('error', () => {});
  const refused = once(socket, 'unexpected-response') as Promise<[ClientRequest, IncomingMessage]>;
  const [, answer] = await Promise.race([
    refused,
    once(socket, 'open').then(() => Promise.reject(new Error(`${url} was let in`))),
  ]);
  return { status: answer.statusCode ?? 0, body: await text(answer), headers: answer.headers };
}

function returning(value: unknown): string {
  return `/?how=return&value=${encodeURIComponent(JSON.stringify(value))}`;
}

for (const [where, open] of Object.entries(DOORS)) {
  describe(`onHandshake, asked of ${where}`, { timeout: 60_000 }, () => {
    let door: Door;
    before(async () => {
      door = await open();
    });
    after(async () => await door.stop());

    it('is given the whole request', async () => {
      const { status, body } = await refusal(`${door.url}/chat/a%20b?how=show&a=1&a=2`, {
        protocols: ['first', 'chat'],
        headers: { cookie: 'sid=abc; other=%20', origin: 'http://127.0.0.1:1', 'x-own': 'yes' },
      });
      assert.equal(status, 418);
      const asked = JSON.parse(body) as Record<string, unknown>;
      const { headers, remotePort, gatewayPort, ...rest } = asked as {
        headers: Record<string, string>;
      } & typeof asked;
      assert.equal(headers['x-own'], 'yes');
      assert.ok(Number(remotePort) > 0);
      assert.equal(gatewayPort, Number(new URL(door.url).port));
      assert.deepEqual(rest, {
        url: '/chat/a%20b?how=show&a=1&a=2',
        path: '/chat/a%20b',
        query: { how: 'show', a: '2' },
        queryAll: { how: ['show'], a: ['1', '2'] },
        cookies: { sid: 'abc', other: ' ' },
        origin: 'http://127.0.0.1:1',
        subprotocols: ['first', 'chat'],
        certificate: null,
        namespace: null,
        auth: null,
        secure: false,
        remoteAddress: '127.0.0.1',
      });
    });

    it('lets in by returning nothing: the listener’s subprotocols apply', async () => {
      const socket = await WsClient.connect(door.url);
      assert.deepEqual(await socket.nextJson(), { uid: null, session: {} });
      assert.deepEqual(await socket.nextJson(), { subprotocol: null });
      await socket.close();
      const offering = new WebSocket(door.url, ['first', 'chat']);
      await once(offering, 'open');
      assert.equal(offering.protocol, 'chat');
      offering.close();
    });

    it('grants uid, groups, session, subprotocol and headers, which onConnect sees', async () => {
      const granted = {
        uid: 7,
        groups: ['a', 8],
        session: { name: 'Ann', deep: { list: [1] } },
        subprotocol: 'first',
        headers: { 'Set-Cookie': ['a=b', 'c=d'] },
      };
      const socket = new WebSocket(door.url + returning(granted), ['chat', 'first']);
      const upgraded = once(socket, 'upgrade') as Promise<[IncomingMessage]>;
      const messages: unknown[] = [];
      socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
      const opened = once(socket, 'open');
      const [{ headers }] = await upgraded;
      assert.deepEqual(headers['set-cookie'], ['a=b', 'c=d']);
      await opened;
      assert.equal(socket.protocol, 'first');
      for (const group of ['a', '8', 'b']) socket.send(group);
      while (messages.length < 5) await once(socket, 'message');
      assert.deepEqual(messages, [
        { uid: '7', session: { name: 'Ann', deep: { list: [1] } } },
        { subprotocol: 'first' },
        ['7'],
        ['7'],
        [],
      ]);
      socket.close();
    });

    it('refuses with what it throws', async () => {
      const { status, body, headers } = await refusal(`${door.url}/?how=refuse`);
      assert.deepEqual([status, body, headers['retry-after']], [429, 'Slow down\n', '7']);
      assert.deepEqual((await refusal(`${door.url}/?how=status&value=403`)).body, 'Forbidden\n');
    });

    it('is answered 500 when it fails, without a word of why; the log has it', async () => {
      const { status, body } = await refusal(`${door.url}/?how=throw`);
      assert.deepEqual([status, body], [500, 'Internal Server Error\n']);
      assert.ok(door.log.some(({ msg }) => msg === 'onHandshake failed: the password is 1234'));
    });

    for (const [value, complaint] of [
      [false, /returned false; expected nothing, or an object.*throw new Refused\(401\)/],
      ['7', /returned "7"/],
      [{ user: 7 }, /returned an object with user/],
      [{ uid: '' }, /onHandshake was given "" as a uid/],
      [{ groups: [0] }, /onHandshake was given 0 as a group/],
      [{ session: [] }, /onHandshake was given an array as a session/],
      [{ subprotocol: 'other' }, /returned the subprotocol "other"; expected none/],
      [{ headers: { 'X-A': 'a\r\nX-B: c' } }, /"a\\r\\nX-B: c" as the header X-A; expected ASCII/],
      [{ headers: { 'a b': 'c' } }, /the header "a b"/],
      [
        { headers: { 'Sec-WebSocket-Accept': 'c' } },
        /the header Sec-WebSocket-Accept; expected one that the handshake does not have/,
      ],
      [{ headers: ['a'] }, /an array as headers/],
    ] as const) {
      it(`is answered 500 when it returns ${JSON.stringify(value)}`, async () => {
        assert.equal((await refusal(door.url + returning(value))).status, 500);
        assert.ok(
          door.log.some(({ msg }) => complaint.test(msg)),
          'the log says why',
        );
      });
    }

    it('is answered 500 when it refuses with a status that is no error', async () => {
      assert.equal((await refusal(`${door.url}/?how=status&value=302`)).status, 500);
      assert.ok(door.log.some(({ msg }) => msg.includes('expected a whole number from 400 to 599')));
    });

    it('is answered 503 when its thread dies, and the next one is let in', async () => {
      assert.equal((await refusal(`${door.url}/?how=exit`)).status, 503);
      const next = await WsClient.connect(door.url);
      assert.deepEqual(await next.nextJson(), { uid: null, session: {} });
      await next.close();
    });

    it('loses none in a reload: the old code goes on with those that it has begun', async () => {
      const uids = Array.from({ length: 40 }, (_, index) => `held-${index}`);
      const joining = uids.map((uid) => WsClient.connect(`${door.url}/?how=hold&value=${uid}`));
      // all of them are asked about by now: it was said before
      const marker = await WsClient.connect(door.url);
      await door.reload();
      const go = await WsClient.connect(door.url + returning({ uid: 'go' }));
      const clients = await Promise.all(joining);
      const seen = await Promise.all(clients.map((client) => client.nextJson<{ uid: string }>()));
      assert.deepEqual(
        seen.map(({ uid }) => uid),
        uids,
      );
      await Promise.all([...clients, marker, go].map((client) => client.close()));
    });
  });
}
