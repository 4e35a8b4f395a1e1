import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { database } from '#src/database/index.js';
import { boot } from '#src/testing/index.js';
import { ROOT } from '../support/package-project.js';
import { MariaDb } from '../support/mariadb.js';
import { NodeProcess, type NodeProcessOptions, failToStart } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

const WORKERS = 2;
const POOL_SIZE = 4;

/** Rows a second, from so many clients, over so many reloads. */
const RATE = 1000;
const CLIENTS = 50;
const RELOADS = 4;

/** Rows that are asked for and not answered, at most: a machine that cannot keep up is given fewer. */
const UNANSWERED = 500;

/** Clients that have rows inserted at a rate. Each awaits its answers in order. */
class PacedLoad {
  readonly #clients: WsClient[];
  readonly #begun = performance.now();
  readonly #timer = setInterval(() => this.#send(), 10);
  readonly #answers = Array.from({ length: CLIENTS }, async () => await Promise.resolve());
  #sent = 0;
  #answered = 0;

  private constructor(clients: WsClient[]) {
    this.#clients = clients;
  }

  static async start(node: NodeProcess): Promise<PacedLoad> {
    const connecting = Array.from({ length: CLIENTS }, async () => await WsClient.connect(node.url('ws')));
    return new PacedLoad(await Promise.all(connecting));
  }

  /** Resolves when all that was sent is answered. */
  async end(): Promise<{ sent: number; perSecond: number }> {
    clearInterval(this.#timer);
    await Promise.all(this.#answers);
    for (const client of this.#clients) client.socket.terminate();
    const seconds = (performance.now() - this.#begun) / 1000;
    return { sent: this.#sent, perSecond: Math.round(this.#sent / seconds) };
  }

  #send(): void {
    const due = ((performance.now() - this.#begun) / 1000) * RATE;
    for (; this.#sent < due && this.#sent - this.#answered < UNANSWERED; this.#sent++) {
      const index = this.#sent % CLIENTS;
      const name = `row-${this.#sent}`;
      this.#clients[index].send(`row ${name}`);
      this.#answers[index] = this.#answers[index].then(async () => {
        assert.equal(String(await this.#clients[index].next()), name);
        this.#answered++;
      });
    }
  }
}

/** Each has one insert on its way, until it is told to end, or the node ends. @returns names that were answered */
class Inserting {
  readonly answered: string[] = [];
  readonly #clients: WsClient[];
  #ending = false;
  readonly #ended: Promise<unknown>;
  #onProgress: (() => void) | undefined;

  private constructor(clients: WsClient[]) {
    this.#clients = clients;
    this.#ended = Promise.all(clients.map(async (client, index) => await this.#insert(client, index)));
  }

  static async start(node: NodeProcess, clients: number): Promise<Inserting> {
    const connecting = Array.from({ length: clients }, async () => await WsClient.connect(node.url('ws')));
    return new Inserting(await Promise.all(connecting));
  }

  /** Resolves when so many more are answered. */
  async more(count: number): Promise<void> {
    const until = this.answered.length + count;
    while (this.answered.length < until) await new Promise<void>((resolve) => (this.#onProgress = resolve));
  }

  async end(): Promise<void> {
    this.#ending = true;
    await this.#ended;
    for (const client of this.#clients) client.socket.terminate();
  }

  async #insert(client: WsClient, index: number): Promise<void> {
    for (let turn = 0; !this.#ending; turn++) {
      const name = `c${index}-${turn}`;
      client.send(`insert ${name}`);
      try {
        assert.equal(String(await client.next()), name);
      } catch (error) {
        if (this.#ending) return;
        throw error;
      }
      this.answered.push(name);
      this.#onProgress?.();
    }
  }
}

async function start(
  t: TestContext,
  url: string,
  options: Partial<NodeProcessOptions> = {},
): Promise<NodeProcess> {
  const node = await NodeProcess.start({
    events: 'database',
    worker: { count: WORKERS },
    env: { DATABASE_URL: url },
    ...options,
  });
  t.after(() => node.stop());
  return node;
}

async function names(url: string): Promise<Set<unknown>> {
  const db = database({ url });
  const found = await db.column('SELECT name FROM names');
  await db.close();
  return new Set(found);
}

describe('a node whose events/ use a database', () => {
  let server: MariaDb;
  let files: string;
  before(async () => {
    // the server outlives these tests: it need not wait for the disk
    server = await MariaDb.start('--innodb-flush-log-at-trx-commit=2');
    files = await mkdtemp(join(tmpdir(), 'gatewayworker-sqlite-'));
  });
  after(async () => {
    await server.remove();
    await rm(files, { recursive: true });
  });

  it(`inserts ${RATE} rows a second and reloads each second: each row is there once, and connections stay within the limit`, async (t) => {
    const url = await server.database('reloads');
    const node = await start(t, url);
    const aborted = async (): Promise<unknown> =>
      await server.sql("SHOW GLOBAL STATUS LIKE 'Aborted_clients'");
    await server.sql('FLUSH STATUS');
    const load = await PacedLoad.start(node);
    for (let reload = 0; reload < RELOADS; reload++) {
      node.signal('SIGUSR2');
      await Promise.all([node.logged('reloaded'), sleep(1000)]);
    }
    const { sent, perSecond } = await load.end();
    t.diagnostic(`${sent} rows, ${perSecond} a second`);
    const found = await server.sql('SELECT COUNT(*) rows_, COUNT(DISTINCT name) names FROM reloads.names');
    assert.deepEqual({ ...found[0] }, { rows_: sent, names: sent });
    assert.ok(sent > RATE, `${sent} were sent`);
    // the server's own count, of which one is this test's
    const [{ Value: most }] = await server.sql("SHOW GLOBAL STATUS LIKE 'Max_used_connections'");
    const open = Number(most) - 1;
    assert.ok(open > WORKERS && open <= WORKERS * 2 * POOL_SIZE, `${open} connections`);
    const status = await node.until('no more connections than one generation has', ({ workers }) =>
      workers.every(
        ({ database: shown }) => shown?.waiting === 0 && shown.open > 0 && shown.open <= POOL_SIZE,
      ),
    );
    assert.deepEqual(
      status.workers.map(({ database: shown }) => shown?.errors),
      [0, 0],
    );
    const abortedBefore = await aborted();
    await node.stop();
    assert.deepEqual(await server.connections('reloads'), []);
    // they have said goodbye
    assert.deepEqual(await aborted(), abortedBefore);
  });

  it('is not reloaded while the database is away, says why, and goes on', async (t) => {
    await server.database('away');
    await server.sql("CREATE USER 'ann'@'%' IDENTIFIED BY 't0psecret'");
    await server.sql("GRANT ALL ON away.* TO 'ann'@'%'");
    const node = await start(t, `mysql://ann:t0psecret@127.0.0.1:${server.port}/away`);
    const client = await WsClient.connect(node.url('ws'));
    const ask = async (what: string): Promise<string> => {
      client.send(what);
      return String(await client.next());
    };
    assert.equal(await ask('insert before'), 'before');
    await server.down();
    node.signal('SIGUSR2');
    const { msg } = await node.logged('not reloaded, the old code goes on');
    assert.match(msg, /onWorkerStart failed/);
    assert.match(
      msg,
      new RegExp(`mysql://127\\.0\\.0\\.1:${server.port}/away cannot be reached: ECONNREFUSED`),
    );
    assert.equal(await ask('ping'), 'pong');
    client.send('insert lost');
    await node.logged('ECONNREFUSED');
    assert.equal(await ask('ping'), 'pong');
    await server.up();
    node.signal('SIGUSR2');
    await node.logged('reloaded');
    assert.equal(await ask('insert after'), 'after');
    assert.equal(await ask('count'), '2');
    assert.doesNotMatch(JSON.stringify(node.log) + node.errors, /t0psecret/);
    client.socket.terminate();
  });

  it('keeps what the chat remembers, of rooms whose names differ by an accent', async (t) => {
    process.env.DATABASE_URL = await server.database('chat');
    const app = await boot({ events: join(ROOT, 'events') });
    t.after(() => app.close());
    const history = async (room: string, ...texts: readonly string[]): Promise<unknown> => {
      const client = await app.connect();
      const token = randomBytes(16).toString('hex');
      await client.request('enter', { name: token.slice(0, 20), room, token });
      for (const text of texts) await client.request('say', { text });
      const { said } = await client.request<{ said: { text: string }[] }>('join', { room });
      return said.map(({ text }) => text);
    };
    assert.deepEqual(await history('cafe', '1', "it's 😀"), ['1', "it's 😀"]);
    assert.deepEqual(await history('café', '2'), ['2']);
    assert.deepEqual(await history('cafe'), ['1', "it's 😀"]);
  });

  it('that does not answer keeps nobody in the chat waiting', async (t) => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    process.env.DATABASE_URL = `mysql://127.0.0.1:${port}/chat?connectTimeout=1500`;
    const app = await boot({ events: join(ROOT, 'events') });
    t.after(async () => {
      silent.close();
      await app.close();
    });
    const [ann, bob] = [await app.connect({ websocket: false }), await app.connect({ websocket: false })];
    ann.send('hello');
    bob.send('here too');
    while (!String(await ann.next()).includes('here too'));
    ann.send('still here');
    while (!String(await bob.next()).includes('still here'));
  });

  for (const kind of ['MariaDB', 'SQLite']) {
    it(`is killed: what was answered is there (${kind})`, async (t) => {
      const url = kind === 'SQLite' ? `sqlite:${join(files, 'killed.db')}` : await server.database('killed');
      const node = await start(t, url);
      const inserting = await Inserting.start(node, 8);
      await inserting.more(200);
      const ended = inserting.end();
      await node.kill();
      await ended;
      const found = await names(url);
      assert.deepEqual(
        inserting.answered.filter((name) => !found.has(name)),
        [],
      );
      // and another one goes on with it
      const next = await start(t, url);
      const client = await WsClient.connect(next.url('ws'));
      client.send('count');
      assert.equal(String(await client.next()), String(found.size));
      client.socket.terminate();
      if (kind === 'SQLite') await next.stop();
    });
  }

  it('does not start without it, and says host and reason but no password', async () => {
    const url = `mysql://ann:t0psecret@127.0.0.1:${server.port}/nothere`;
    const { status, output, errors } = await failToStart({ events: 'database', env: { DATABASE_URL: url } });
    assert.equal(status, 1);
    assert.match(
      output + errors,
      new RegExp(`onWorkerStart failed:[^]*127\\.0\\.0\\.1:${server.port}[^]*Access denied`),
    );
    assert.doesNotMatch(output + errors, /t0psecret/);
  });

  it('logs slow statements and errors with their place, and no values', async (t) => {
    const node = await start(t, await server.database('logged'), { worker: { count: 1 } });
    const client = await WsClient.connect(node.url('ws'));
    client.send('slow');
    assert.equal(String(await client.next()), 'was slow');
    const slow = await node.logged('SELECT SLEEP');
    assert.match(slow.msg, /^a slow statement: \d+ ms at .*database\/index\.ts:35: SELECT SLEEP\(\?\), \?$/);
    assert.ok(Number(slow.milliseconds) >= 200);
    client.send('broken');
    const broken = await node.logged('ER_NO_SUCH_TABLE');
    assert.match(broken.msg, /The statement at .*database\/index\.ts:39 failed/);
    assert.match((broken.err as { stack: string }).stack, /database\/index\.ts:39/);
    assert.doesNotMatch(JSON.stringify(node.log), /s3cret/);
    const { workers } = await node.until('both', ({ workers: [{ database: shown }] }) => shown?.errors === 1);
    // the table's beginning may be another, on a busy machine
    assert.ok((workers[0].database?.slow ?? 0) >= 1);
    client.socket.terminate();
  });
});
