import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { database } from '#src/database/index.js';
import { MariaDb } from '../support/mariadb.js';
import { NodeProcess, type NodeProcessOptions, failToStart } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

const WORKERS = 2;
const POOL_SIZE = 4;

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

  it('reloads under load: no row is lost, and connections stay within the limit and end', async (t) => {
    const url = await server.database('reloads');
    const node = await start(t, url);
    const inserting = await Inserting.start(node, 20);
    let most = 0;
    for (let reload = 0; reload < 5; reload++) {
      await inserting.more(30);
      node.signal('SIGUSR2');
      for (
        let ready = false;
        !ready;
        ready = node.log.filter(({ msg }) => msg.startsWith('reloaded')).length > reload
      ) {
        most = Math.max(most, (await server.connections('reloads')).length);
      }
    }
    await inserting.more(50);
    await inserting.end();
    const found = await names(url);
    assert.deepEqual(
      inserting.answered.filter((name) => !found.has(name)),
      [],
    );
    assert.ok(most > WORKERS && most <= WORKERS * 2 * POOL_SIZE, `${most} connections`);
    const status = await node.until('no more connections than one generation has', ({ workers }) =>
      workers.every(
        ({ database: shown }) => shown?.waiting === 0 && shown.open > 0 && shown.open <= POOL_SIZE,
      ),
    );
    assert.deepEqual(
      status.workers.map(({ database: shown }) => shown?.errors),
      [0, 0],
    );
    const [aborted] = await server.sql("SHOW GLOBAL STATUS LIKE 'Aborted_clients'");
    await node.stop();
    assert.deepEqual(await server.connections('reloads'), []);
    // they have said goodbye
    assert.deepEqual(await server.sql("SHOW GLOBAL STATUS LIKE 'Aborted_clients'"), [aborted]);
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
    const slow = await node.logged('a slow statement');
    assert.match(slow.msg, /^a slow statement: \d+ ms at .*database\/index\.ts:27: SELECT SLEEP\(\?\), \?$/);
    assert.ok(Number(slow.milliseconds) >= 200);
    client.send('broken');
    const broken = await node.logged('ER_NO_SUCH_TABLE');
    assert.match(broken.msg, /The statement at .*database\/index\.ts:31 failed/);
    assert.match((broken.err as { stack: string }).stack, /database\/index\.ts:31/);
    assert.doesNotMatch(JSON.stringify(node.log), /s3cret/);
    const { workers } = await node.until('both', ({ workers: [{ database: shown }] }) => shown?.errors === 1);
    assert.equal(workers[0].database?.slow, 1);
    client.socket.terminate();
  });
});
