import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GatewayClient, type GatewayClientOptions, PartialResultError } from '#src/client/index.js';
import { systemClock } from '#src/base/clock.js';
import { createLogger } from '#src/base/log.js';
import { RegisterServer } from '#src/register/register-server.js';
import { formatClientId, ipToNumber } from '#src/wire/client-id.js';
import { Command, isQuery } from '#src/wire/command.js';
import type { ReceivedFrame } from '#src/wire/frame.js';
import { type PhpConnection, PhpGateway } from '../support/php-gateway.js';
import { RegisterPeer } from '../support/register-peer.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: () => void | Promise<void>): void {
  test(name, { timeout: 20_000 }, run);
}

/** The bodies of the commands that a connection has taken, once there are so many; its link's own question comes first. */
async function messages(connection: PhpConnection, count: number): Promise<string[]> {
  const frames = await connection.received(count + 1);
  return frames.slice(1).map((frame) => frame.bodyText());
}

/** A port that nobody listens on. */
async function unusedPort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function clientIdAt(port: number): string {
  return formatClientId(ipToNumber('127.0.0.1'), port, 7);
}

describe('GatewayClient', () => {
  let register: RegisterServer;
  /** To be closed after the test, in reverse order. */
  let open: Array<{ close(): unknown }>;

  beforeEach(async () => {
    open = [];
    register = await startRegister();
  });
  afterEach(async () => {
    for (const part of open.toReversed()) await part.close();
  });

  async function startRegister(secretKey = ''): Promise<RegisterServer> {
    const log = createLogger({ level: 'silent', destination: { write() {} } });
    const listen = '127.0.0.1:0';
    const started = await RegisterServer.open({ listen, secretKey, clock: systemClock, log });
    open.push(started);
    return started;
  }

  /** A gateway that the Register knows, and that answers every query with `count`. */
  async function startGateway(count = 0): Promise<{ gateway: PhpGateway; announced: RegisterPeer }> {
    const gateway = await PhpGateway.listen(({ command }: ReceivedFrame, connection) => {
      if (isQuery(command)) connection.reply(count);
    });
    open.push(gateway);
    return { gateway, announced: await announce(gateway.port) };
  }

  async function announce(port: number): Promise<RegisterPeer> {
    const announced = await RegisterPeer.announce(register.port, `127.0.0.1:${port}`);
    open.push(announced);
    return announced;
  }

  function createClient(options: Partial<GatewayClientOptions> = {}): GatewayClient {
    const client = new GatewayClient({ registerAddress: register.address, ...options });
    open.push({ close: () => client.close().catch(() => {}) });
    return client;
  }

  it('connects when it is first used, and sends in order what came before it knew the gateways', async () => {
    const { gateway } = await startGateway();
    const client = createClient();
    const connecting = gateway.connection();
    const bytes = Buffer.from('three');
    assert.equal(client.sendToAll('one'), true);
    assert.equal(client.sendToAll('two', { exclude: clientIdAt(gateway.port) }), true);
    assert.equal(client.sendToAll(bytes, { clientIds: [clientIdAt(gateway.port)] }), true);
    assert.equal(client.sendToClient(clientIdAt(gateway.port), 'four'), true);
    bytes.fill(0);
    const connection = await connecting;
    assert.deepEqual(await messages(connection, 4), ['one', 'two', 'three', 'four']);
    assert.deepEqual(
      connection.frames.slice(1).map((frame) => frame.extText()),
      ['', '{"exclude":{"7":7}}', '{"connections":{"7":7}}', ''],
    );
    await client.drained();
  });

  it('lets out what it was given though it is closed at once', async () => {
    const { gateway } = await startGateway();
    const client = createClient();
    const connecting = gateway.connection();
    client.sendToAll('one');
    client.sendToAll('two', { exclude: clientIdAt(gateway.port) });
    await client.close();
    assert.deepEqual(await messages(await connecting, 2), ['one', 'two']);
  });

  it('asks and tells every gateway over one connection each, and follows those that come and go', async () => {
    const first = await startGateway(2);
    const client = createClient();
    assert.equal(await client.getAllClientIdCount(), 2);
    const second = await startGateway(3);
    while ((await client.getAllClientIdCount()) !== 5);
    client.sendToAll('to both');
    await client.getAllClientIdCount();
    for (const { gateway } of [first, second]) {
      assert.equal(gateway.connections.length, 1);
      assert.ok(gateway.connections[0].frames.some((frame) => frame.bodyText() === 'to both'));
    }

    second.announced.close();
    await second.gateway.close();
    // its connection may be found closed while the Register still names it
    const settled = async (): Promise<number> =>
      await client.getAllClientIdCount().catch((error: PartialResultError<number>) => {
        assert.deepEqual(error.missing, [`127.0.0.1:${second.gateway.port}`]);
        return NaN;
      });
    while ((await settled()) !== 2);
    assert.throws(() => client.sendToClient(clientIdAt(second.gateway.port), 'x'), {
      code: 'GW_LINK_CLOSED',
      message: new RegExp(`127.0.0.1:${second.gateway.port}.*none of those.*127.0.0.1:${first.gateway.port}`),
    });
  });

  it('keeps a connection that works, though the Register no longer names the gateway', async () => {
    const first = await startGateway(2);
    const second = await startGateway(3);
    const client = createClient();
    assert.equal(await client.getAllClientIdCount(), 5);
    second.announced.close();
    await RegisterPeer.named(register.port, 1);
    assert.equal(await client.getAllClientIdCount(), 5);
    assert.equal(first.gateway.connections.length + second.gateway.connections.length, 2);
  });

  it('names a gateway that cannot be reached at once, and throws what was lost by it', async () => {
    await startGateway(2);
    const dead = await unusedPort();
    await announce(dead);
    const client = createClient();
    await client.connect();
    assert.equal(client.sendToClient(clientIdAt(dead), 'accepted before it is known'), true);
    await assert.rejects(client.getAllClientIdCount(), (error: PartialResultError<number>) => {
      assert.ok(error instanceof PartialResultError);
      assert.equal(error.partial, 2);
      assert.deepEqual(error.missing, [`127.0.0.1:${dead}`]);
      return true;
    });
    await assert.rejects(client.drained(), {
      code: 'GW_LINK_CLOSED',
      message: new RegExp(`127.0.0.1:${dead}: connect ECONNREFUSED`),
    });
    await client.drained();
    assert.throws(() => client.sendToClient(clientIdAt(dead), 'again'), {
      code: 'GW_LINK_CLOSED',
      message: /could not be reached a moment ago/,
    });
    assert.equal(client.sendToAll('to those that there are'), true);
    await assert.rejects(client.isOnline(clientIdAt(dead)), { code: 'GW_TIMEOUT' });
  });

  it('connects again when it is used after a connection broke', async () => {
    const { gateway } = await startGateway(2);
    const client = createClient();
    assert.equal(await client.getAllClientIdCount(), 2);
    const again = gateway.connection();
    gateway.connections[0].socket.destroy();
    await once(gateway.connections[0].socket, 'close');
    // until it is found out, what is asked goes to the connection that is gone
    for (;;) {
      const count = await client
        .getAllClientIdCount()
        .catch((error: PartialResultError<number>) => error.missing);
      if (count === 2) break;
      assert.deepEqual(count, [`127.0.0.1:${gateway.port}`]);
    }
    assert.equal((await again).frames[0].command, Command.IS_ONLINE);
  });

  it('says that no gateway is there when a Register knows none', async () => {
    const client = createClient({ timeout: 1000 });
    await client.connect();
    assert.throws(() => client.sendToAll('x'), { code: 'GW_LINK_CLOSED', message: /knows no gateway/ });
    assert.throws(() => client.sendToAll('x', { exclude: clientIdAt(1) }), { code: 'GW_LINK_CLOSED' });
    await assert.rejects(client.getAllClientIdCount(), {
      code: 'GW_LINK_CLOSED',
      message: /knows no gateway/,
    });
  });

  it('needs one Register that answers, of all that it is given', async () => {
    await startGateway(2);
    const dead = `127.0.0.1:${await unusedPort()}`;
    const client = createClient({ registerAddress: [dead, register.address] });
    assert.equal(await client.getAllClientIdCount(), 2);
  });

  it('names the Registers when none answers, to who asks and to who has sent', async () => {
    const dead = [await unusedPort(), await unusedPort()].map((port) => `127.0.0.1:${port}`);
    const client = createClient({ registerAddress: dead, timeout: 100 });
    const problem = {
      code: 'GW_CLUSTER',
      message: new RegExp(`^No Register answered within 100 ms.*${dead[0]}.*ECONNREFUSED.*${dead[1]}`),
    };
    await assert.rejects(client.getAllClientIdCount(), problem);
    assert.equal(client.sendToAll('x'), true);
    await assert.rejects(client.drained(), problem);
    assert.equal(client.sendToAll('x'), true);
    await assert.rejects(client.close(), problem);
  });

  it('names the secret key when the Register hangs up', async () => {
    const { address } = await startRegister('right');
    const client = createClient({ registerAddress: address, secretKey: 'wrong', timeout: 300 });
    await assert.rejects(client.connect(), { code: 'GW_CLUSTER', message: /secret key/ });
  });

  it('returns false when much waits, throws beyond twice the buffer, and drains', async () => {
    const { gateway } = await startGateway();
    const client = createClient();
    await client.connect();
    const connecting = gateway.connection();
    const big = Buffer.alloc(4 * 1024 * 1024);
    client.sendToAll('first');
    const { socket } = await connecting;
    socket.pause();
    const results: boolean[] = [];
    assert.throws(
      () => {
        for (;;) results.push(client.sendToAll(big));
      },
      { code: 'GW_OVERFLOW', message: /\d+ bytes wait for the gateway 127\.0\.0\.1/ },
    );
    assert.equal(results.at(-1), false);
    const waiting = client.drained();
    socket.resume();
    await waiting;
    assert.equal(client.sendToAll('room'), true);
  });

  it('says how long a message was, and what PHP’s gateways take, when a gateway hangs up on it', async () => {
    const { gateway } = await startGateway();
    const client = createClient();
    await client.connect();
    const connecting = gateway.connection();
    client.sendToAll(Buffer.alloc(11 * 1024 * 1024));
    const { socket } = await connecting;
    socket.resetAndDestroy();
    await assert.rejects(
      async () => {
        for (;;) {
          await client.drained();
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
      { message: /A message of 11534364 bytes had been sent: PHP's gateways hang up on more than 10485760/ },
    );
  });

  it('closes when the last answer has come; nothing is accepted from then on', async () => {
    const gateway = await PhpGateway.listen();
    open.push(gateway);
    await announce(gateway.port);
    const client = createClient();
    await client.connect();
    const connecting = gateway.connection();
    client.sendToAll('last words');
    const count = client.getAllClientIdCount();
    const connection = await connecting;
    await connection.received(3);
    const closed = client.close();
    assert.equal(client.close(), closed);
    assert.throws(() => client.sendToAll('x'), { code: 'GW_LINK_CLOSED', message: /was closed/ });
    await assert.rejects(client.getAllClientIdCount(), { code: 'GW_LINK_CLOSED' });
    await assert.rejects(client.connect(), { code: 'GW_LINK_CLOSED' });
    connection.reply(0);
    connection.reply(9);
    assert.equal(await count, 9);
    await closed;
  });

  it('asks an older PHP gateway name by name, and takes no answer for another one’s', async () => {
    const gateway = await PhpGateway.listen(({ command, connectionId }, connection) => {
      if (command === Command.GET_CLIENT_ID_BY_UID) connection.reply([7]);
      else if (command === Command.GET_CLIENT_COUNT_BY_GROUP) connection.reply(3);
      else if (command === Command.IS_ONLINE) connection.reply(0);
      else if (command === Command.GET_SESSION_BY_CLIENT_ID)
        connection.reply(connectionId === 0 ? null : { client: connectionId });
    });
    open.push(gateway);
    await announce(gateway.port);
    const client = createClient();
    const id = clientIdAt(gateway.port);
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all([
        client.isUidsOnline(['ann', 9007199254740993n]),
        client.getSession(id),
        client.batchGetClientIdCountByGroup(['red']),
        client.getSession(id),
      ]);
      assert.deepEqual(
        answers.map((answer) => ({ ...answer })),
        [{ ann: true, '9007199254740993': true }, { client: 7 }, { red: 3 }, { client: 7 }],
      );
    }
    await assert.rejects(Promise.all([client.getAllUidList(), client.getSession(id)]), {
      code: 'GW_TIMEOUT',
    });
  });

  it('sends sessions as PHP writes them, an empty one too', async () => {
    const { gateway } = await startGateway();
    const client = createClient();
    const connecting = gateway.connection();
    client.setSession(clientIdAt(gateway.port), { at: new Date(0), none: undefined, list: [1.5] });
    client.updateSession(clientIdAt(gateway.port), {});
    const frames = await (await connecting).received(3);
    assert.deepEqual(
      frames.slice(1).map((frame) => frame.extText()),
      ['a:2:{s:2:"at";s:24:"1970-01-01T00:00:00.000Z";s:4:"list";a:1:{i:0;d:1.5;}}', 'a:0:{}'],
    );
    assert.throws(() => client.setSession(clientIdAt(gateway.port), { n: 1n }), { code: 'GW_SESSION' });
  });

  it('refuses addresses that are none', () => {
    for (const registerAddress of ['', '127.0.0.1', [], ['127.0.0.1:1236', 'a:b']]) {
      assert.throws(() => new GatewayClient({ registerAddress }), {
        code: 'GW_ARGUMENT',
        message: /expected host:port/,
      });
    }
  });

  it('refuses options that it does not know, and values that it cannot use', () => {
    const registerAddress = '127.0.0.1:1236';
    for (const [options, message] of [
      [undefined, /was given no options/],
      [{}, /no registerAddress/],
      [{ registerAddress, secretkey: 'x' }, /no option secretkey; expected registerAddress, secretKey/],
      [{ registerAddress, secretKey: 5 }, /secretKey of type number/],
      [{ registerAddress, timeout: 'soon' }, /"soon" as its timeout/],
    ] as const) {
      assert.throws(() => new GatewayClient(options as never), { code: 'GW_ARGUMENT', message });
    }
  });

  for (const [what, script] of [
    ['that has closed it', 'await client.close();'],
    ['that disposes of it', '{ await client[Symbol.asyncDispose](); }'],
  ]) {
    it(`lets a process end ${what}`, async () => {
      const { gateway } = await startGateway(2);
      const source = `
        import { GatewayClient } from 'gatewayworker/client';
        const client = new GatewayClient({ registerAddress: '${register.address}' });
        client.sendToAll('from another process');
        process.stdout.write(String(await client.getAllClientIdCount()));
        ${script}`;
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '--eval', source],
        { cwd: ROOT, timeout: 15_000 },
      );
      assert.equal(stdout, '2');
      assert.equal((await messages(gateway.connections[0], 2))[0], 'from another process');
    });
  }

  it('says in a process of its own, too, that no Register answers', async () => {
    const source = `
      import { GatewayClient } from 'gatewayworker/client';
      const client = new GatewayClient({ registerAddress: '127.0.0.1:${await unusedPort()}', timeout: 200 });
      await client.connect().catch((error) => process.stdout.write(error.code));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', source],
      { cwd: ROOT, timeout: 15_000 },
    );
    assert.equal(stdout, 'GW_CLUSTER');
  });
});
