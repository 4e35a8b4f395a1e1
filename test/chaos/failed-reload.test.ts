import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import type { GatewayError } from '#src/base/errors.js';
import { ChaosNode } from '../support/chaos-node.js';
import { configFolder } from '../support/config-folder.js';
import { WsClient } from '../support/ws-client.js';

/** An application that answers everything with one word. @param more further lines, the first of them line 4 */
function answering(word: string, ...more: string[]): string {
  return [
    "import { defineEvents } from 'gatewayworker';",
    'export default defineEvents({',
    `  onMessage(client) { client.send('${word}'); },`,
    ...more,
    '});',
  ].join('\n');
}

/** An application that says all the time, and at its end, which one it is. */
function ticking(word: string): string {
  return answering(
    word,
    `  onWorkerStart({ id }) { if (id === 0) setInterval(() => Gateway.sendToAll('tick ${word}'), 1); },`,
    `  onWorkerStop({ id }) { if (id === 0) Gateway.sendToAll('stop ${word}'); },`,
  ).replace('import { ', 'import { Gateway, ');
}

class App {
  readonly chaos: ChaosNode;
  readonly client: WsClient;
  readonly #file: string;

  private constructor(chaos: ChaosNode, client: WsClient, file: string) {
    this.chaos = chaos;
    this.client = client;
    this.#file = file;
  }

  static async start(t: TestContext): Promise<App> {
    const folder = await configFolder(t, { 'events/index.ts': answering('old') });
    const chaos = await ChaosNode.start({ events: join(folder, 'events') });
    t.after(() => chaos.stop());
    return new App(chaos, await WsClient.connect(chaos.url), join(folder, 'events/index.ts'));
  }

  /** The error of a reload with this code. */
  async refused(code: string): Promise<GatewayError> {
    await writeFile(this.#file, code);
    return await this.chaos.node.reload(false).then(
      () => assert.fail('it was reloaded'),
      (error: unknown) => error as GatewayError,
    );
  }

  async reload(code: string): Promise<void> {
    await writeFile(this.#file, code);
    await this.chaos.node.reload(false);
  }

  async answer(): Promise<string> {
    this.client.send('?');
    return String(await this.client.next());
  }
}

const BROKEN: ReadonlyArray<readonly [string, string, string, readonly RegExp[]]> = [
  [
    'a syntax error: file, line, column, the line itself, and a caret',
    answering('new', '  onClose(client {},'),
    'GW_EVENTS_COMPILE',
    [/events\/index\.ts:4:\d+:\n/, /4 │ {3}onClose\(client \{\},\n.*│ +\^/],
  ],
  [
    'onWorkerStart that throws: its line',
    answering('new', "  onWorkerStart() { throw new Error('no database'); },"),
    'GW_EVENTS_START',
    [/no database/, /events\/index\.ts:4:\d+/],
  ],
  [
    'onWorkerStart that ends the thread',
    answering('new', '  onWorkerStart() { process.exit(7); },'),
    'GW_WORKER_DIED',
    [/Worker [01] died while it started/],
  ],
  [
    'a module that throws while it is loaded: its line',
    `${answering('new')}\nthrow new Error('not today');`,
    'GW_EVENTS_INVALID',
    [/not today/, /events\/index\.ts:5:\d+/],
  ],
  [
    'a worker that dies after its start, before all are ready',
    answering(
      'new',
      '  async onWorkerStart({ id }) {',
      '    if (id === 0) setTimeout(() => process.exit(7), 0);',
      '    else await new Promise((resolve) => setTimeout(resolve, 300));',
      '  },',
    ),
    'GW_WORKER_DIED',
    [/Worker 0 died/],
  ],
];

describe('a reload with code that cannot run is refused: the old code goes on', () => {
  for (const [name, code, expected, patterns] of BROKEN) {
    it(name, async (t) => {
      const app = await App.start(t);
      const { code: found, message } = await app.refused(code);
      assert.equal(found, expected, message);
      for (const pattern of patterns) assert.match(message, pattern);
      assert.equal(await app.answer(), 'old');
      await app.reload(answering('new'));
      assert.equal(await app.answer(), 'new');
      assert.equal(app.chaos.deaths, 0, 'no serving thread died');
      assert.equal(app.client.waiting, 0);
    });
  }
});

describe('what the old code leaves behind', () => {
  it('its timers end with its thread; onWorkerStop has run', async (t) => {
    const app = await App.start(t);
    await app.reload(ticking('one'));
    await app.reload(ticking('two'));
    await heard(app.client, 'stop one');
    await heard(app.client, 'tick two');
    for (let n = 0; n < 50; n++) assert.equal(await app.client.next(), 'tick two');
  });
});

describe('no worker can be started', () => {
  it('clients wait, and nothing of what they say is lost once one can', async (t) => {
    const folder = await configFolder(t);
    const closed = join(folder, 'closed');
    const app = await App.start(t);
    await app.reload(
      [
        "import { existsSync } from 'node:fs';",
        "import { defineEvents } from 'gatewayworker';",
        'export default defineEvents({',
        `  onWorkerStart() { if (existsSync(${JSON.stringify(closed)})) throw new Error('closed today'); },`,
        "  onMessage(client, message) { if (message === 'exit') process.exit(1); client.send(message); },",
        '});',
      ].join('\n'),
    );
    const clients = await Promise.all(Array.from({ length: 10 }, () => WsClient.connect(app.chaos.url)));
    await writeFile(closed, '');
    for (const client of clients.slice(0, 2)) client.send('exit');
    for (let worker = 0; worker < 2; worker++)
      await app.chaos.logged('cannot be replaced; next attempt in 200 ms');
    for (const client of clients) for (let n = 0; n < 100; n++) client.send(`${n}`);
    const late = await WsClient.connect(app.chaos.url);
    late.send('late');
    await rm(closed);
    for (const client of clients) for (let n = 0; n < 100; n++) assert.equal(await client.next(), `${n}`);
    assert.equal(await late.next(), 'late');
    for (const { restarts, state } of app.chaos.node.status().workers) {
      assert.equal(restarts, 1);
      assert.equal(state, 'serving');
    }
  });
});

/** Passes over messages until this one. */
async function heard(client: WsClient, message: string): Promise<void> {
  while ((await client.next()) !== message);
}
