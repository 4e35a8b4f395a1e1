/**
 * Engine.IO 4 as its specification has it: every case of the protocol's own test suite, and what that leaves out. Messages
 * come back to whoever has sent them.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { ListenerContext, type ListenerOptions } from '#src/gateway/protocols/listener-context.js';
import { EngineServer } from '#src/gateway/protocols/socketio/engine-server.js';
import type { EngineSocket, EngineUser } from '#src/gateway/protocols/socketio/engine-socket.js';
import { WHOLE_BINARY, WHOLE_TEXT, frame } from '#src/gateway/protocols/ws-frame.js';
import { openWsListener } from '#src/gateway/protocols/ws.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { PollingClient } from '../../support/polling-client.js';
import { Observed, ProtocolHost } from '../../support/protocol-host.js';
import { WsClient } from '../../support/ws-client.js';

const PING_INTERVAL = 25_000;
const PING_TIMEOUT = 20_000;
const PATH = '/engine.io/';

/** A port whose clients get their messages back. */
class EchoPort extends Observed {
  readonly host = new ProtocolHost();
  readonly clock = new ManualClock();
  readonly sockets: EngineSocket[] = [];
  readonly ends: { code: number; reason: string; broken: boolean }[] = [];
  readonly problems: string[] = [];
  port = 0;
  /** Called for each message in place of the echo. */
  onMessage: ((socket: EngineSocket, data: Buffer) => void) | undefined;

  async open(t: TestContext, options: Partial<ListenerOptions> = {}): Promise<this> {
    const context = new ListenerContext(
      {
        url: 'ws://127.0.0.1:0',
        maxPackageSize: 1_000_000,
        udpIdleTimeout: 60,
        clock: this.clock,
        ...options,
      },
      this.host,
    );
    const settings = { path: PATH, pingInterval: PING_INTERVAL, pingTimeout: PING_TIMEOUT };
    const engine = new EngineServer(context, settings, (socket) => this.#use(socket));
    const listener = await openWsListener(context, engine);
    this.port = context.port;
    t.after(async () => {
      for (const socket of this.sockets) socket.destroy();
      await listener.close();
    });
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}${PATH}`;
  }

  async polling(): Promise<PollingClient> {
    const client = new PollingClient(this.url);
    await client.open();
    return client;
  }

  async websocket(query = '', options = {}): Promise<WsClient> {
    return await WsClient.connect(
      `ws://127.0.0.1:${this.port}${PATH}?EIO=4&transport=websocket${query}`,
      options,
    );
  }

  /** A websocket that has been welcomed. */
  async opened(): Promise<WsClient> {
    const client = await this.websocket();
    assert.match(String(await client.next()), /^0\{/);
    return client;
  }

  /** A polling client, and a websocket that has been probed for it. */
  async probed(): Promise<[PollingClient, WsClient]> {
    const polling = await this.polling();
    const websocket = await this.websocket(`&sid=${polling.sid}`);
    websocket.send('2probe');
    assert.equal(await websocket.next(), '3probe');
    return [polling, websocket];
  }

  /** What is waited for may be so now. */
  override changed(): void {
    super.changed();
  }

  async ended(count = 1): Promise<void> {
    await this.until('the end of a session', () => this.ends.length >= count);
  }

  #use(socket: EngineSocket): EngineUser {
    this.sockets.push(socket);
    return {
      message: (data, binary) => {
        this.changed();
        if (this.onMessage !== undefined) this.onMessage(socket, Buffer.from(data));
        else if (binary) socket.write(frame(WHOLE_BINARY, data));
        else socket.write(frame(WHOLE_TEXT, Buffer.concat([Buffer.from('4'), data])));
      },
      upgraded: () => this.changed(),
      misbehaved: (_by, kind) => void this.problems.push(kind),
      closed: (code, reason, broken) => {
        this.ends.push({ code, reason, broken });
        this.changed();
      },
    };
  }
}

/** How a websocket's handshake is refused. */
async function refusal(url: string, headers = {}): Promise<{ status: number; body: string }> {
  const socket = new WebSocket(url, { headers });
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode ?? 0, body };
}

describe('Engine.IO: a session begins', () => {
  it('with HTTP', async (t) => {
    const port = await new EchoPort().open(t);
    const { sid, ...rest } = await new PollingClient(port.url).open();
    assert.match(String(sid), /^[\w-]{24}$/);
    assert.deepEqual(rest, {
      upgrades: ['websocket'],
      pingInterval: PING_INTERVAL,
      pingTimeout: PING_TIMEOUT,
      maxPayload: 1_000_000,
    });
    // whoever knows one id can tell no other
    assert.notEqual((await port.polling()).sid, sid);
  });

  it('with a websocket, which need not become one', async (t) => {
    const port = await new EchoPort().open(t);
    const client = await port.websocket();
    const { sid, ...rest } = JSON.parse(String(await client.next()).slice(1)) as Record<string, unknown>;
    assert.match(String(sid), /^[\w-]{24}$/);
    assert.deepEqual(rest, {
      upgrades: [],
      pingInterval: PING_INTERVAL,
      pingTimeout: PING_TIMEOUT,
      maxPayload: 1_000_000,
    });
    await client.close();
  });

  it('in no other way', async (t) => {
    const port = await new EchoPort().open(t);
    const code = async (query: string, method = 'GET'): Promise<[number, number]> => {
      const response = await fetch(`${port.url}${query}`, { method });
      return [response.status, ((await response.json()) as { code: number }).code];
    };
    assert.deepEqual(await code('?transport=polling'), [400, 5]);
    assert.deepEqual(await code('?EIO=3&transport=polling'), [400, 5]);
    assert.deepEqual(await code('?EIO=abc&transport=polling'), [400, 5]);
    assert.deepEqual(await code('?EIO=4'), [400, 0]);
    assert.deepEqual(await code('?EIO=4&transport=abc'), [400, 0]);
    assert.deepEqual(await code('?EIO=4&transport=websocket'), [400, 3]);
    assert.deepEqual(await code('?EIO=4&transport=polling&sid=none'), [400, 1]);
    assert.deepEqual(await code('?EIO=4&transport=polling', 'POST'), [400, 2]);
    assert.deepEqual(await code('?EIO=4&transport=polling', 'PUT'), [400, 2]);
    const { sid } = await port.polling();
    assert.deepEqual(await code(`?EIO=4&transport=polling&sid=${sid}`, 'PUT'), [400, 2]);
    const websockets = `ws://127.0.0.1:${port.port}${PATH}`;
    assert.equal((await refusal(`${websockets}?transport=websocket`)).status, 400);
    assert.match((await refusal(`${websockets}?EIO=3&transport=websocket`)).body, /version 3 or 4/);
    assert.equal((await refusal(`${websockets}?EIO=4`)).status, 400);
    assert.equal((await refusal(`${websockets}?EIO=4&transport=polling`)).status, 400);
    assert.equal((await refusal(`${websockets}?EIO=4&transport=websocket&sid=none`)).status, 400);
    assert.ok(port.host.refusals.some(({ kind }) => kind === 'socket.io version'));
  });

  it('only where the gateway lets somebody in', async (t) => {
    const port = await new EchoPort().open(t);
    port.host.admitting = false;
    assert.equal((await fetch(`${port.url}?EIO=4&transport=polling`)).status, 503);
    const url = `ws://127.0.0.1:${port.port}${PATH}?EIO=4&transport=websocket`;
    assert.equal((await refusal(url)).status, 503);
  });
});

describe('Engine.IO: pages of other origins', () => {
  const origins = ['https://good.example.com'];

  it('are told that they may read the answers', async (t) => {
    const port = await new EchoPort().open(t, { origins });
    const answer = await fetch(`${port.url}?EIO=4&transport=polling`, { headers: { origin: origins[0] } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('access-control-allow-origin'), origins[0]);
    assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
    assert.equal(answer.headers.get('vary'), 'Origin');
    const headers = { origin: origins[0], 'access-control-request-headers': 'x-custom' };
    const preflight = await fetch(`${port.url}?EIO=4&transport=polling`, { method: 'OPTIONS', headers });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET, POST');
    assert.equal(preflight.headers.get('access-control-allow-headers'), 'x-custom');
  });

  it('are refused', async (t) => {
    const port = await new EchoPort().open(t, { origins });
    const headers = { origin: 'https://bad.example.com' };
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await fetch(`${port.url}?EIO=4&transport=polling`, { method, headers });
      assert.equal(answer.status, 403);
      assert.equal(answer.headers.get('access-control-allow-origin'), null);
    }
    const url = `ws://127.0.0.1:${port.port}${PATH}?EIO=4&transport=websocket`;
    assert.equal((await refusal(url, headers)).status, 403);
    assert.match(port.host.refusals[0].message, /"origins"/);
  });

  it('come without the cookies of this host where all may come', async (t) => {
    const port = await new EchoPort().open(t, { origins: ['*'] });
    const headers = { origin: 'https://any.example.com' };
    const answer = await fetch(`${port.url}?EIO=4&transport=polling`, { headers });
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    assert.equal(answer.headers.get('access-control-allow-credentials'), null);
  });
});

describe('Engine.IO: messages on HTTP', () => {
  it('come and go: one, several, bytes', async (t) => {
    const client = await (await new EchoPort().open(t)).polling();
    assert.deepEqual(await client.post('4hello'), { status: 200, body: 'ok' });
    assert.deepEqual(await client.poll(), ['4hello']);
    await client.post('4test1', '4test2', '4test3');
    assert.deepEqual(await client.poll(), ['4test1', '4test2', '4test3']);
    await client.post('4häöß€😀', 'bAQIDBA==');
    assert.deepEqual(await client.poll(), ['4häöß€😀', 'bAQIDBA==']);
  });

  it('answer a GET that waits', async (t) => {
    const port = await new EchoPort().open(t);
    const client = await port.polling();
    const waiting = client.poll();
    await client.post(`4${'x'.repeat(70_000)}`);
    assert.deepEqual(await waiting, [`4${'x'.repeat(70_000)}`]);
  });

  it('end the session where they are none', async (t) => {
    const port = await new EchoPort().open(t);
    for (const body of ['abc', '', '2', '0', '\u00e4']) {
      const client = await port.polling();
      const [waiting, posted] = await Promise.all([client.get(), client.post(body)]);
      assert.deepEqual([waiting.status, waiting.body.at(-1), posted.status], [200, '1', 400], body);
      assert.equal((await client.get()).status, 400);
    }
    assert.deepEqual(new Set(port.problems), new Set(['engine.io packet']));
  });

  it('have a largest size', async (t) => {
    const port = await new EchoPort().open(t, { maxPackageSize: 1000 });
    const client = await port.polling();
    assert.equal((await client.post(`4${'x'.repeat(1000)}`)).status, 413);
    // without its length, too
    const url = `${port.url}?EIO=4&transport=polling&sid=${client.sid}`;
    const request = httpRequest(url, { method: 'POST' });
    request.write(`4${'x'.repeat(600)}`);
    request.end('x'.repeat(600));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    assert.equal(response.statusCode, 413);
    response.resume();
    await client.post(`4${'x'.repeat(999)}`);
    assert.deepEqual(await client.poll(), [`4${'x'.repeat(999)}`]);
  });

  it('are read as they are wanted, and no further body is asked for before', async (t) => {
    const port = await new EchoPort().open(t);
    const client = await port.polling();
    const received: string[] = [];
    port.onMessage = (socket, data) => {
      received.push(data.toString());
      if (received.length === 2) socket.pause();
      port.changed();
    };
    const posted = client.post('4a', '4b', '4c', '4d');
    const early = await Promise.race([posted, port.until('two messages', () => received.length === 2)]);
    assert.equal(early, undefined);
    assert.deepEqual(received, ['a', 'b']);
    port.sockets[0].resume();
    assert.deepEqual(await posted, { status: 200, body: 'ok' });
    assert.deepEqual(received, ['a', 'b', 'c', 'd']);
  });

  it('end with a second GET, or POST, at a time', async (t) => {
    const port = await new EchoPort().open(t);
    const client = await port.polling();
    const both = await Promise.all([client.get(), client.get()]);
    const [waited, second] = both[0].status === 200 ? both : both.toReversed();
    assert.deepEqual([waited.status, waited.body, second.status], [200, '1', 400]);
    assert.equal((await client.get()).status, 400);
    const other = await port.polling();
    port.onMessage = (socket) => socket.pause();
    const posts = await Promise.all([other.post('4a', '4b'), other.post('4a', '4b')]);
    assert.deepEqual(
      posts.map(({ status }) => status),
      [400, 400],
    );
    assert.deepEqual(port.problems, ['engine.io polling', 'engine.io polling']);
  });

  it('end with a GET that is broken off', async (t) => {
    const port = await new EchoPort().open(t);
    const client = await port.polling();
    const socket = connect(port.port, '127.0.0.1');
    const path = `${PATH}?EIO=4&transport=polling&sid=${client.sid}`;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`, () => socket.destroy());
    await port.ended();
    assert.deepEqual(port.ends, [{ code: 1006, reason: '', broken: true }]);
    assert.equal((await client.get()).status, 400);
  });
});

describe('Engine.IO: messages on a websocket', () => {
  it('come and go', async (t) => {
    const client = await (await new EchoPort().open(t)).opened();
    client.send('4hello');
    assert.equal(await client.next(), '4hello');
    client.send(Uint8Array.from([1, 2, 3, 4]));
    assert.deepEqual(await client.next(), Buffer.from([1, 2, 3, 4]));
    await client.close();
  });

  it('end it where they are none', async (t) => {
    const port = await new EchoPort().open(t);
    for (const packet of ['abc', '', '2', '5', '0']) {
      const client = await port.opened();
      client.send(packet);
      assert.equal((await client.closed).code, 1002);
    }
    assert.deepEqual(new Set(port.problems), new Set(['engine.io packet']));
  });

  it('have a largest size', async (t) => {
    const port = await new EchoPort().open(t, { maxPackageSize: 1000 });
    const client = await port.opened();
    client.send(`4${'x'.repeat(1000)}`);
    assert.equal((await client.closed).code, 1009);
    assert.deepEqual(port.problems, ['ws 1009']);
  });
});

describe('Engine.IO: the heartbeat', () => {
  it('asks on HTTP, whatever else is sent, and ends what does not answer', async (t) => {
    const port = await new EchoPort().open(t);
    const client = await port.polling();
    for (let round = 0; round < 3; round++) {
      port.clock.advance(PING_INTERVAL - 1);
      await client.post('4busy');
      assert.deepEqual(await client.poll(), ['4busy']);
      port.clock.advance(1);
      assert.deepEqual(await client.poll(), ['2']);
      assert.equal((await client.post('3')).status, 200);
    }
    port.clock.advance(PING_INTERVAL);
    port.clock.advance(PING_TIMEOUT);
    await port.ended();
    assert.equal((await client.get()).status, 400);
  });

  it('asks on a websocket, whatever else is sent, and ends what does not answer', async (t) => {
    const port = await new EchoPort().open(t);
    const client = await port.opened();
    for (let round = 0; round < 3; round++) {
      port.clock.advance(PING_INTERVAL);
      assert.equal(await client.next(), '2');
      client.send('3');
      client.send('4busy');
      assert.equal(await client.next(), '4busy');
    }
    port.clock.advance(PING_INTERVAL);
    port.clock.advance(PING_TIMEOUT);
    assert.equal((await client.closed).code, 1006);
  });

  it('gives time to whoever is sending something long, or is not read', async (t) => {
    const port = await new EchoPort().open(t);
    const client = await port.opened();
    port.clock.advance(PING_INTERVAL);
    assert.equal(await client.next(), '2');
    // the answer waits behind it
    port.onMessage = (socket) => socket.pause();
    client.send('4long');
    await new Promise<void>((resolve) => {
      port.onMessage = (socket) => {
        socket.pause();
        resolve();
      };
    });
    for (let round = 0; round < 3; round++) port.clock.advance(PING_TIMEOUT);
    client.send('3');
    port.sockets[0].resume();
    port.onMessage = undefined;
    client.send('4there');
    assert.equal(await client.next(), '4there');
    assert.deepEqual(port.ends, []);
    await client.close();
  });
});

describe('Engine.IO: the end', () => {
  it('comes when the client says so, on HTTP', async (t) => {
    const port = await new EchoPort().open(t);
    const client = await port.polling();
    const [waiting, posted] = await Promise.all([client.get(), client.post('1')]);
    assert.deepEqual(waiting, { status: 200, body: '6' });
    assert.deepEqual(posted, { status: 200, body: 'ok' });
    assert.equal((await client.get()).status, 400);
    assert.deepEqual(port.ends, [{ code: 1005, reason: '', broken: false }]);
  });

  it('comes when the client says so, on a websocket', async (t) => {
    const port = await new EchoPort().open(t);
    const client = await port.opened();
    client.send('1');
    await client.closed;
    await port.ended();
    const other = await port.opened();
    other.socket.close(1000, 'bye');
    await port.ended(2);
    assert.deepEqual(port.ends[1], { code: 1000, reason: 'bye', broken: false });
  });

  it('comes when the server says so, behind what it has sent', async (t) => {
    const port = await new EchoPort().open(t);
    const [client, other] = [await port.polling(), await port.polling()];
    const waiting = client.get();
    await client.post('4a');
    assert.equal((await waiting).body, '4a');
    const last = client.get();
    await port.until('two sessions', () => port.sockets.length === 2);
    await new Promise(setImmediate);
    const [first, second] = port.sockets;
    first.write(frame(WHOLE_TEXT, Buffer.from('4last')));
    first.close();
    assert.deepEqual(await last, { status: 200, body: '4last' });
    assert.deepEqual(await client.get(), { status: 200, body: '1' });
    assert.equal((await client.get()).status, 400);
    // one that does not ask any more is waited for, for a while
    second.close();
    port.clock.advance(5000);
    await port.ended(2);
    assert.equal((await other.get()).status, 400);
  });
});

describe('Engine.IO: a websocket takes over from HTTP', () => {
  it('with what waits', async (t) => {
    const port = await new EchoPort().open(t);
    const [client, websocket] = await port.probed();
    // each GET is answered at once, so that the client has none that waits
    assert.deepEqual(await client.poll(), ['6']);
    assert.deepEqual(await client.poll(), ['6']);
    port.sockets[0].write(frame(WHOLE_TEXT, Buffer.from('4waits')));
    port.sockets[0].write(frame(WHOLE_BINARY, Buffer.from('bytes')));
    websocket.send('5');
    assert.equal(await websocket.next(), '4waits');
    assert.deepEqual(await websocket.next(), Buffer.from('bytes'));
    websocket.send('4hello');
    assert.equal(await websocket.next(), '4hello');
    assert.equal((await client.get()).status, 400);
    assert.equal((await client.post('4a')).status, 400);
    await websocket.close();
    await port.ended();
  });

  it('and lets go of the GET that waits', async (t) => {
    const port = await new EchoPort().open(t);
    const polling = await port.polling();
    const waiting = polling.poll();
    const websocket = await port.websocket(`&sid=${polling.sid}`);
    websocket.send('2probe');
    assert.deepEqual(await waiting, ['6']);
    websocket.send('5');
    websocket.send('4hello');
    assert.equal(await websocket.next(), '3probe');
    assert.equal(await websocket.next(), '4hello');
    await websocket.close();
  });

  it('once', async (t) => {
    const port = await new EchoPort().open(t);
    const [client, websocket] = await port.probed();
    const rival = await port.websocket(`&sid=${client.sid}`);
    await rival.closed;
    websocket.send('5');
    websocket.send('4hello');
    assert.equal(await websocket.next(), '4hello');
    const late = await port.websocket(`&sid=${client.sid}`);
    await late.closed;
    websocket.send('4still here');
    assert.equal(await websocket.next(), '4still here');
    await websocket.close();
  });

  it('or does not, in which case the session goes on', async (t) => {
    const port = await new EchoPort().open(t);
    const [first, gone] = await port.probed();
    await gone.close();
    await goesOn(first);
    const [second, late] = await port.probed();
    port.clock.advance(10_000);
    await late.closed;
    await goesOn(second);
    const [third, wrong] = await port.probed();
    wrong.send('4too early');
    await wrong.closed;
    await goesOn(third);
    const fourth = await port.polling();
    const impatient = await port.websocket(`&sid=${fourth.sid}`);
    impatient.send('5');
    await impatient.closed;
    await goesOn(fourth);
    assert.equal(port.ends.length, 0);
  });
});

async function goesOn(client: PollingClient): Promise<void> {
  await client.post('4hello');
  assert.deepEqual(await client.poll(), ['4hello']);
}
