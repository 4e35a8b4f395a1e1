import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { LinkGauge } from '#src/ring/link-gauge.js';
import { type GatewayAddress, ipToNumber } from '#src/wire/client-id.js';
import { Command, Flag, WorkerState, isQuery } from '#src/wire/command.js';
import { packNamed } from '#src/wire/named-bytes.js';
import { FakeGateway, eventBytes } from '../support/fake-gateway.js';
import { PhpGateway } from '../support/php-gateway.js';
import { LinkSetScene } from '../support/link-set-scene.js';
import { leaveConnectsUnanswered } from '../support/unanswered-connects.js';

const LOCAL = { ip: 0x7f000001, port: 1 };
/** Beyond the first backoff, with whatever jitter. */
const RETRY = 1250;
const PING = 25_000;

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, { timeout: 10_000 }, run);
}

async function ours(t: TestContext, port?: number): Promise<FakeGateway> {
  const gateway = await FakeGateway.ours(port);
  t.after(() => gateway.close());
  return gateway;
}

describe('a slot’s links to gateways', () => {
  it('introduces the worker, tells that it is ready, and carries events, commands, queries and replies', async (t) => {
    const scene = LinkSetScene.create(t, { served: false });
    const gateway = await ours(t);
    await scene.follow(gateway.address);
    const { body } = await gateway.next(Command.GATEWAY_CLIENT_CONNECT);
    assert.deepEqual(JSON.parse(body.toString()), {
      worker_key: 'node-b:0',
      secret_key: 'key',
      features: ['node/1'],
      instance: 'b1',
    });
    // a query that the handshake cost has no number, and its answer is for nobody
    gateway.send({ command: Command.REPLY });
    scene.serve();
    assert.equal((await gateway.next(Command.WORKER_STATE)).clientIp, WorkerState.READY);

    gateway.send({ command: Command.ON_CONNECT, connectionId: 7 });
    gateway.send({ command: Command.ON_MESSAGE, connectionId: 7, body: 'hello' });
    assert.deepEqual(await scene.thread.count(2), ['ON_CONNECT 7', 'ON_MESSAGE 7 hello']);

    const { ip: localIp, port: localPort } = gateway.address;
    scene.send({ command: Command.SEND_TO_ONE, localIp, localPort, connectionId: 7, body: 'answer' });
    const clientIp = scene.requestId(1);
    scene.send({
      command: Command.IS_ONLINE,
      localIp,
      localPort,
      connectionId: 7,
      flags: Flag.REQUEST,
      clientIp,
    });
    assert.equal((await gateway.next(Command.SEND_TO_ONE)).bodyText(), 'answer');
    assert.equal((await gateway.next(Command.IS_ONLINE)).clientIp, clientIp);
    gateway.send({ command: Command.REPLY, clientIp, body: 'i:1;' });
    assert.deepEqual((await scene.thread.count(3)).slice(2), ['REPLY 0 i:1;']);
  });

  it('carries an event that is longer than the slot’s ring', async (t) => {
    const scene = LinkSetScene.create(t);
    const gateway = await ours(t);
    await scene.follow(gateway.address);
    const body = 'x'.repeat(300_000);
    gateway.send({ command: Command.ON_MESSAGE, connectionId: 7, body });
    gateway.send({ command: Command.ON_MESSAGE, connectionId: 7, body: 'next' });
    assert.deepEqual(await scene.thread.count(2), [`ON_MESSAGE 7 ${body}`, 'ON_MESSAGE 7 next']);
  });

  it('brings a frame to the gateway that it names, and one that names none to all', async (t) => {
    const scene = LinkSetScene.create(t, { localGateway: LOCAL });
    const [one, other] = [await ours(t), await ours(t)];
    await scene.follow(one.address, other.address, LOCAL);
    assert.equal(scene.links.status.length, 2, 'its own is not dialled');
    const to = ({ ip, port }: { ip: number; port: number }, body: string): void =>
      scene.send({ command: Command.SEND_TO_ALL, localIp: ip, localPort: port, body });
    to(other.address, 'for the other');
    to(LOCAL, 'for its own');
    to({ ip: 0, port: 0 }, 'for all');
    assert.deepEqual(await scene.local.count(2), ['SEND_TO_ALL 0 for its own', 'SEND_TO_ALL 0 for all']);
    assert.equal((await other.next(Command.SEND_TO_ALL)).bodyText(), 'for the other');
    assert.equal((await other.next(Command.SEND_TO_ALL)).bodyText(), 'for all');
    assert.equal((await one.next(Command.SEND_TO_ALL)).bodyText(), 'for all');
  });

  it('lets a thread’s pauses end with it, at the gateway of the client that was paused', async (t) => {
    const scene = LinkSetScene.create(t);
    const gateway = await ours(t);
    await scene.follow(gateway.address);
    const { ip: localIp, port: localPort } = gateway.address;
    scene.send({ command: Command.PAUSE_CLIENT, localIp, localPort, connectionId: 7 });
    await gateway.next(Command.PAUSE_CLIENT);
    scene.slot.detach(scene.requestId(0) >>> 24);
    const resumed = await gateway.next(Command.RESUME_CLIENT);
    assert.deepEqual([resumed.localPort, resumed.connectionId], [localPort, 7]);
  });

  it('tells a gateway when the slot’s buffer is full, and when there is room again', async (t) => {
    const bufferSize = 16 * 1024;
    const scene = LinkSetScene.create(t, { bufferSize, served: false });
    const gateway = await ours(t);
    await scene.follow(gateway.address);
    for (let n = 0; n < 20; n++)
      gateway.send({ command: Command.ON_MESSAGE, connectionId: 7, body: 'x'.repeat(1000) });
    assert.equal((await gateway.next(Command.WORKER_STATE)).clientIp, WorkerState.CONGESTED);
    scene.serve();
    await scene.thread.count(20);
    const states = [(await gateway.next(Command.WORKER_STATE)).clientIp];
    while (states.at(-1) !== WorkerState.READY)
      states.push((await gateway.next(Command.WORKER_STATE)).clientIp);
    assert.deepEqual(states, [WorkerState.CONGESTED | WorkerState.READY, WorkerState.READY]);
  });

  it('dials a gateway that does not answer again and again, and says why it is down', async (t) => {
    const scene = LinkSetScene.create(t);
    const gateway = await FakeGateway.ours();
    await gateway.close();
    scene.links.setGateways([gateway.address]);
    assert.deepEqual(scene.links.gateways, [], 'no query misses one that has just come');
    await scene.changed();
    assert.deepEqual(
      scene.links.gateways.map(({ up }) => up),
      [false],
    );
    const { state, lastError } = scene.links.status[0];
    assert.equal(state, 'down');
    assert.match(
      lastError ?? '',
      new RegExp(`127.0.0.1:${gateway.address.port} cannot be reached: .*ECONNREFUSED`),
    );
    await scene.until(([first]) => !first.up);
    const attempts = (): number => scene.links.status[0].attempts;
    scene.clock.advance(749);
    assert.equal(attempts(), 1, 'not before three quarters of a second');
    scene.clock.advance(501);
    assert.equal(attempts(), 2);
    await scene.changed();
    await ours(t, gateway.address.port);
    scene.clock.advance(2 * RETRY);
    await scene.links.connected();
    assert.deepEqual(
      [scene.links.status[0].state, scene.links.status[0].attempts, scene.links.status[0].node],
      ['up', 0, 'fake'],
    );
  });

  it('tells the thread of a new gateway when it is reached, or has not answered for 10 s', async (t) => {
    const scene = LinkSetScene.create(t);
    const mute = createServer((socket) => {
      t.after(() => socket.destroy());
    }).listen(0, '127.0.0.1');
    t.after(() => mute.close());
    await once(mute, 'listening');
    const gateway = await ours(t);
    const silent = { ip: LOCAL.ip, port: (mute.address() as AddressInfo).port };
    scene.links.setGateways([silent, gateway.address]);
    assert.deepEqual(scene.links.gateways, []);
    await scene.until(([first]) => first?.port === gateway.address.port && first.up);
    scene.clock.advance(9999);
    assert.equal(scene.links.gateways.length, 1);
    const changed = scene.changed();
    scene.clock.advance(1);
    await changed;
    assert.deepEqual(
      scene.links.gateways.map(({ port, up }) => ({ port, up })),
      [
        { port: silent.port, up: false },
        { port: gateway.address.port, up: true },
      ],
    );
  });

  it('notices a gateway that has fallen silent, tells the thread after the last event, and dials it again', async (t) => {
    const scene = LinkSetScene.create(t);
    const gateway = await ours(t);
    await scene.follow(gateway.address);
    gateway.send({ command: Command.ON_MESSAGE, connectionId: 7, body: 'last words' });
    await scene.thread.count(1);
    for (let n = 0; n < 4; n++) scene.clock.advance(PING);
    await scene.until(([{ up }]) => !up);
    assert.match(scene.broken[0], /has been silent for 75 s/);
    assert.deepEqual(await scene.thread.count(2), ['ON_MESSAGE 7 last words', 'GATEWAY_GONE 0']);
    scene.clock.advance(RETRY);
    await scene.links.connected();
    assert.equal(gateway.connections.length, 2);
    assert.equal(scene.links.status[0].lastError, null, 'it is up again');
  });

  it('gives up a connect that is never answered after 10 s, says so, and dials again', async (t) => {
    const scene = LinkSetScene.create(t);
    const attempts = leaveConnectsUnanswered(t);
    scene.links.setGateways([{ ip: LOCAL.ip, port: 2900 }]);
    scene.clock.advance(9999);
    await turn();
    assert.deepEqual([attempts[0].destroyed, scene.unreached], [false, []]);
    scene.clock.advance(1);
    while (scene.unreached.length === 0) await turn();
    assert.deepEqual(scene.unreached, ['127.0.0.1:2900 cannot be reached: no connection within 10 s.']);
    assert.equal(attempts[0].destroyed, true);
    assert.equal(scene.links.status[0].state, 'down');
    scene.clock.advance(RETRY);
    assert.equal(attempts.length, 2);
  });

  it('leaves and closes at once while a connect is not answered', async (t) => {
    const scene = LinkSetScene.create(t);
    const attempts = leaveConnectsUnanswered(t);
    scene.links.setGateways([{ ip: LOCAL.ip, port: 2900 }]);
    await scene.links.leave();
    await scene.links.close(1000);
    assert.deepEqual([scene.clock.now(), attempts.map(({ destroyed }) => destroyed)], [0, [true]]);
    while (scene.clock.timers > 0) await turn();
  });

  it('says why one cannot be dialled', async (t) => {
    const scene = LinkSetScene.create(t);
    scene.links.setGateways([await unusedAddress()]);
    while (scene.unreached.length === 0) await turn();
    assert.match(scene.unreached[0], /cannot be reached: .*ECONNREFUSED/);
    assert.equal(scene.links.status[0].lastError, scene.unreached[0]);
  });

  it('is not taken for silent while it pings', async (t) => {
    const scene = LinkSetScene.create(t);
    const gateway = await ours(t);
    await scene.follow(gateway.address);
    for (let n = 0; n < 5; n++) {
      gateway.send({ command: Command.PING });
      gateway.send({ command: Command.ON_MESSAGE, connectionId: 7 });
      await scene.thread.count(n + 1);
      scene.clock.advance(PING);
      await gateway.next(Command.PING);
    }
    assert.deepEqual(scene.broken, []);
  });

  it('keeps a link that works, whoever is named, and forgets it once it breaks', async (t) => {
    const scene = LinkSetScene.create(t);
    const gateway = await ours(t);
    await scene.follow(gateway.address);
    scene.links.setGateways([]);
    assert.deepEqual(
      scene.links.gateways.map(({ up }) => up),
      [true],
    );
    gateway.connections[0].socket.destroy();
    await scene.until((gateways) => gateways.length === 0);
    assert.equal(scene.clock.timers, 0, 'nobody dials');
  });

  it('forgets at once who is no longer named and cannot be reached', async (t) => {
    const scene = LinkSetScene.create(t);
    const gateway = await FakeGateway.ours();
    await gateway.close();
    scene.links.setGateways([gateway.address]);
    scene.links.setGateways([]);
    assert.deepEqual(scene.links.gateways, []);
    await scene.links.connected();
  });

  it('leaves: the last event has come when it is told so, and what is sent after that still arrives', async (t) => {
    const scene = LinkSetScene.create(t);
    const gateway = await ours(t);
    await scene.follow(gateway.address);
    let left = false;
    const leaving = scene.links.leave().then(() => (left = true));
    const { clientIp } = await gateway
      .next(Command.WORKER_STATE)
      .then(() => gateway.next(Command.WORKER_STATE));
    assert.equal(clientIp, WorkerState.READY | WorkerState.LEAVING);
    gateway.send({ command: Command.ON_MESSAGE, connectionId: 7, body: 'under way' });
    await scene.thread.count(1);
    assert.equal(left, false);
    gateway.send({ command: Command.WORKER_STATE, clientIp: WorkerState.LEAVING });
    await leaving;
    const { ip: localIp, port: localPort } = gateway.address;
    scene.send({ command: Command.SEND_TO_ONE, localIp, localPort, connectionId: 7, body: 'answer' });
    assert.equal((await gateway.next(Command.SEND_TO_ONE)).bodyText(), 'answer');
    await Promise.all([scene.links.close(1000), once(gateway.connections[0].socket, 'close')]);
    assert.deepEqual([scene.broken, scene.clock.timers], [[], 0]);
  });

  it('closes when the gateway has ended its side, or the time is over', async (t) => {
    const scene = LinkSetScene.create(t);
    const gateway = await ours(t);
    await scene.follow(gateway.address);
    gateway.connections[0].socket.pause();
    let done = false;
    const closed = scene.links.close(1000).then(() => (done = true));
    scene.clock.advance(999);
    for (let turns = 0; turns < 5; turns++) await turn();
    assert.equal(done, false);
    scene.clock.advance(1);
    await closed;
    assert.equal(scene.clock.timers, 0);
  });

  it('shows the thread how much waits for a gateway that reads nothing, and when there is room again', async (t) => {
    const scene = LinkSetScene.create(t);
    const gateway = await ours(t);
    await scene.follow(gateway.address);
    const [{ ip: localIp, port: localPort, gauge }] = scene.links.gateways;
    const shown = new LinkGauge(gauge as SharedArrayBuffer);
    gateway.connections[0].socket.pause();
    const body = 'x'.repeat(60_000);
    let sent = 0;
    while (!shown.congested) {
      scene.send({ command: Command.SEND_TO_ONE, localIp, localPort, connectionId: 7, body });
      sent++;
      await turn();
    }
    assert.ok(shown.buffered >= 64 * 1024);
    gateway.connections[0].socket.resume();
    await scene.until(() => !shown.congested);
    assert.equal(shown.buffered, 0);
    for (let n = 0; n < sent; n++) await gateway.next(Command.SEND_TO_ONE);
  });

  it('ends the link to a gateway that calls itself otherwise than it is reached', async (t) => {
    const scene = LinkSetScene.create(t);
    const gateway = await ours(t);
    await scene.follow(gateway.address);
    const other = { ip: 0x0a000001, port: 2900 };
    gateway.connections[0].socket.write(eventBytes(other, { command: Command.ON_MESSAGE, connectionId: 7 }));
    await scene.until(([{ up }]) => !up);
    assert.match(scene.broken[0], /calls itself 10\.0\.0\.1:2900; set its gateway\.lanIp/);
    assert.deepEqual(await scene.thread.count(1), ['GATEWAY_GONE 0'], 'the event is nobody’s');
  });

  it('says what to look at when a gateway hangs up on the introduction, or is something else', async (t) => {
    const hangsUp = await PhpGateway.listen((_frame, { socket }) => void socket.end());
    const web = await PhpGateway.listen(
      (_frame, { socket }) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    t.after(() => Promise.all([hangsUp.close(), web.close()]));
    const scene = LinkSetScene.create(t);
    scene.links.setGateways([hangsUp, web].map(({ port }) => ({ ip: LOCAL.ip, port })));
    await scene.until(() => scene.links.status.every(({ lastError }) => lastError !== null));
    const [first, second] = scene.links.status;
    assert.match(first.lastError ?? '', /hung up without an answer.*has it the same cluster\.secretKey\?/);
    assert.match(second.lastError ?? '', /expected a gateway of GatewayWorker\. Is it an inner port\?/);
  });
});

describe('a slot’s links to a PHP gateway', () => {
  it('knows it by its answer, and gets events over a connection of their own', async (t) => {
    const gateway = await FakeGateway.php((address) =>
      Buffer.concat([
        eventBytes(address, { command: Command.ON_CONNECT, connectionId: 7 }),
        eventBytes(address, { command: Command.ON_MESSAGE, connectionId: 7, body: 'hello' }),
      ]),
    );
    t.after(() => gateway.close());
    const scene = LinkSetScene.create(t);
    await scene.follow(gateway.address);
    assert.deepEqual(
      scene.links.gateways.map(({ up, php }) => [up, php]),
      [[true, true]],
    );
    assert.deepEqual(await scene.thread.count(2), ['ON_CONNECT 7', 'ON_MESSAGE 7 hello']);

    const { ip: localIp, port: localPort } = gateway.address;
    const clientIp = scene.requestId(1);
    scene.send({ command: Command.SEND_TO_ONE, localIp, localPort, connectionId: 7, body: 'answer' });
    scene.send({
      command: Command.GET_CLIENT_COUNT_BY_GROUP,
      localIp,
      localPort,
      flags: Flag.REQUEST,
      clientIp,
    });
    assert.deepEqual((await scene.thread.count(3)).slice(2), ['REPLY 0 i:0;']);
    const [commands, events] = gateway.connections;
    assert.deepEqual(
      events.frames.map(({ command }) => command),
      [Command.WORKER_CONNECT],
    );
    assert.equal(commands.frames[0].command, Command.GATEWAY_CLIENT_CONNECT);
    assert.ok(commands.frames.some(({ command }) => command === Command.SEND_TO_ONE));
    assert.ok(!gateway.unheard.includes(Command.WORKER_STATE), 'it is told nothing that it does not know');
  });

  it('is sent the text of a named message, in which bytes are base64', async (t) => {
    const gateway = await FakeGateway.php();
    t.after(() => gateway.close());
    const scene = LinkSetScene.create(t);
    await scene.follow(gateway.address);
    await gateway.next(Command.WORKER_CONNECT);
    const { ip: localIp, port: localPort } = gateway.address;
    const one = { command: Command.SEND_TO_ONE, localIp, localPort, connectionId: 7 };
    scene.send({ ...one, flags: Flag.PLAIN_BODY | Flag.NAMED, body: '{"event":"e"}' });
    const text = await gateway.next(Command.SEND_TO_ONE);
    assert.deepEqual([text.connectionId, text.bodyText()], [7, '{"event":"e"}']);
    const ext = '{"group":["red"],"exclude":null}';
    const flags = Flag.PLAIN_BODY | Flag.NAMED | Flag.BINARY;
    const body = packNamed('{"event":"e","data":{"_placeholder":true,"num":0}}', [Buffer.of(7)]);
    scene.send({ command: Command.SEND_TO_GROUP, flags, ext, body });
    const bytes = await gateway.next(Command.SEND_TO_GROUP);
    assert.deepEqual(
      [bytes.extText(), bytes.flags, bytes.bodyText()],
      [ext, Flag.PLAIN_BODY, '{"event":"e","data":{"base64":"Bw=="}}'],
    );
    // as text it would be longer than what such a gateway takes
    const long = packNamed('{"event":"e","data":{"_placeholder":true,"num":0}}', [Buffer.alloc(9_000_000)]);
    scene.send({ ...one, flags, body: long });
    scene.send({ ...one, flags: Flag.PLAIN_BODY | Flag.NAMED, body: '{"event":"behind"}' });
    assert.equal((await gateway.next(Command.SEND_TO_ONE)).bodyText(), '{"event":"behind"}');
    assert.match(scene.errors.join(' '), /A message with bytes in it makes 12000\d+ bytes of text for .*PHP/);
  });

  it('asks name by name where it knows no batch calls, and tells at once of what it leaves unanswered', async (t) => {
    const gateway = await PhpGateway.listen(({ command, connectionId }, connection) => {
      if (!isQuery(command)) return;
      if (command === Command.GET_CLIENT_ID_BY_UID) connection.reply([7]);
      else if (command === Command.GET_SESSION_BY_CLIENT_ID) connection.reply([connectionId]);
      else if (command === Command.IS_ONLINE) connection.reply(0);
    });
    t.after(() => gateway.close());
    const scene = LinkSetScene.create(t);
    const [localIp, localPort] = [LOCAL.ip, gateway.port];
    await scene.follow({ ip: localIp, port: localPort });
    const ask = (number: number, command: number, connectionId: number, ext: string): void =>
      scene.send({
        command,
        localIp,
        localPort,
        connectionId,
        ext,
        flags: Flag.REQUEST,
        clientIp: scene.requestId(number),
      });
    ask(1, Command.BATCH_GET_CLIENT_ID_BY_UID, 0, '["ann"]');
    ask(2, Command.GET_SESSION_BY_CLIENT_ID, 8, '');
    ask(3, Command.SELECT, 0, '{}');
    ask(4, Command.GET_SESSION_BY_CLIENT_ID, 9, '');
    const answers = ['a:1:{s:3:"ann";a:1:{i:0;i:7;}}', 'a:1:{i:0;i:8;}', '', 'a:1:{i:0;i:9;}'];
    assert.deepEqual(
      (await scene.thread.count(4)).toSorted(),
      answers.map((answer) => `REPLY 0 ${answer}`.trimEnd()).toSorted(),
    );
    assert.deepEqual(scene.broken, []);
  });

  it('is no worker there before the slot is ready, and may command and ask', async (t) => {
    const gateway = await FakeGateway.php((address) =>
      eventBytes(address, { command: Command.ON_CONNECT, connectionId: 7 }),
    );
    t.after(() => gateway.close());
    const scene = LinkSetScene.create(t, { served: false });
    await scene.follow(gateway.address);
    assert.deepEqual(
      scene.links.gateways.map(({ up, php }) => [up, php]),
      [[true, true]],
    );
    const { ip: localIp, port: localPort } = gateway.address;
    const clientIp = scene.requestId(1);
    scene.send({ command: Command.SEND_TO_ALL, localIp, localPort, body: 'soon' });
    scene.send({ command: Command.IS_ONLINE, localIp, localPort, flags: Flag.REQUEST, clientIp });
    assert.equal((await gateway.next(Command.SEND_TO_ALL)).bodyText(), 'soon');
    assert.deepEqual(await scene.thread.count(1), ['REPLY 0 i:0;']);
    assert.equal(gateway.connections.length, 1);
    assert.ok(!gateway.connections[0].frames.some(({ command }) => command === Command.WORKER_CONNECT));

    scene.serve();
    assert.deepEqual((await scene.thread.count(2)).slice(1), ['ON_CONNECT 7']);
    const [commands, events] = gateway.connections;
    assert.equal(events.frames[0].command, Command.WORKER_CONNECT);
    scene.send({ command: Command.SEND_TO_ONE, localIp, localPort, connectionId: 7, body: 'answer' });
    await gateway.next(Command.SEND_TO_ONE);
    assert.ok(commands.frames.some(({ command }) => command === Command.SEND_TO_ONE));
    assert.equal(gateway.connections.length, 2);
    assert.deepEqual(scene.broken, []);
  });

  it('leaves and closes before the slot was ever ready', async (t) => {
    const gateway = await FakeGateway.php();
    t.after(() => gateway.close());
    const scene = LinkSetScene.create(t, { served: false });
    await scene.follow(gateway.address);
    await scene.links.leave();
    const { ip: localIp, port: localPort } = gateway.address;
    scene.send({ command: Command.SEND_TO_ALL, localIp, localPort, body: 'farewell' });
    assert.equal((await gateway.next(Command.SEND_TO_ALL)).bodyText(), 'farewell');
    await scene.links.close(1000);
    assert.deepEqual([scene.broken, scene.clock.timers, gateway.connections.length], [[], 0, 1]);
  });

  it('is dialled again when it hangs up on the worker that has become ready', async (t) => {
    let hangsUp = true;
    const gateway: FakeGateway = await FakeGateway.php((address) => {
      if (hangsUp) gateway.connections.at(-1)?.socket.destroy();
      return eventBytes(address, { command: Command.ON_CONNECT, connectionId: 7 });
    });
    t.after(() => gateway.close());
    const scene = LinkSetScene.create(t, { served: false });
    await scene.follow(gateway.address);
    scene.serve();
    await scene.until(([{ up }]) => !up);
    assert.equal(scene.broken.length, 1);
    hangsUp = false;
    scene.clock.advance(RETRY);
    assert.deepEqual(await scene.thread.count(2), ['GATEWAY_GONE 0', 'ON_CONNECT 7']);
  });

  it('puts sessions into PHP’s format, sends no pauses but stops reading, and goes on', async (t) => {
    const gateway = await FakeGateway.php();
    t.after(() => gateway.close());
    const scene = LinkSetScene.create(t);
    await scene.follow(gateway.address);
    await gateway.next(Command.WORKER_CONNECT);
    const { ip: localIp, port: localPort } = gateway.address;
    const client = { localIp, localPort, connectionId: 7 };
    scene.send({ command: Command.PAUSE_CLIENT, ...client });
    scene.send({ command: Command.SET_SESSION, ...client, ext: '{"name":"Ann"}' });
    const { ext, connectionId } = await gateway.next(Command.SET_SESSION);
    assert.deepEqual([ext.toString(), connectionId], ['a:1:{s:4:"name";s:3:"Ann";}', 7]);
    const events = gateway.connections[1];
    gateway.send({ command: Command.ON_MESSAGE, connectionId: 8, body: 'waits' }, events);
    // the answer overtakes it, although it is asked for later
    scene.send({ command: Command.IS_ONLINE, ...client, flags: Flag.REQUEST, clientIp: scene.requestId(1) });
    assert.deepEqual(await scene.thread.count(1), ['REPLY 0 i:0;']);
    scene.send({ command: Command.RESUME_CLIENT, ...client });
    assert.deepEqual((await scene.thread.count(2)).slice(1), ['ON_MESSAGE 8 waits']);
    assert.ok(!gateway.unheard.some((command) => command >= Command.REPLY));
  });

  it('leaves by ending the events’ connection, whose last ones still come; one connection’s end is the link’s', async (t) => {
    const gateway = await FakeGateway.php();
    t.after(() => gateway.close());
    const scene = LinkSetScene.create(t);
    await scene.follow(gateway.address);
    await gateway.next(Command.WORKER_CONNECT);
    gateway.connections[0].socket.destroy();
    await scene.until(([{ up }]) => !up);
    await once(gateway.connections[1].socket, 'close');
    scene.clock.advance(RETRY);
    await gateway.next(Command.WORKER_CONNECT);

    const events = gateway.connections[3];
    gateway.send({ command: Command.ON_MESSAGE, connectionId: 7, body: 'last' }, events);
    await scene.links.leave();
    assert.deepEqual(scene.thread.frames, ['GATEWAY_GONE 0', 'ON_MESSAGE 7 last']);
    const { ip: localIp, port: localPort } = gateway.address;
    scene.send({ command: Command.SEND_TO_ONE, localIp, localPort, connectionId: 7, body: 'answer' });
    assert.equal((await gateway.next(Command.SEND_TO_ONE)).bodyText(), 'answer');
    await scene.links.close(1000);
    assert.equal(scene.broken.length, 1);
  });
});

/** Where nobody listens. */
async function unusedAddress(): Promise<GatewayAddress> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { ip: ipToNumber('127.0.0.1'), port };
}
