/**
 * Two nodes, one chat: the two configurations of docs/examples/two-nodes, each started as the README says, and a browser
 * tab at either. Only their ports are others, so that the test can run beside anything.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import type { UserConfig } from '#src/config/user-config.js';
import { launchBrowser } from '../support/browser.js';
import { enterChat, messages, notice, person, room, say, state } from '../support/chat-page.js';
import { eventually } from '../support/eventually.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'dist/main.js');
/** Milliseconds. It only bounds a failure: everything here waits for an event. */
const LIMIT = 20_000;
/** Where both nodes keep what is said. */
const folder = mkdtempSync(join(tmpdir(), 'two-nodes-'));

/** One of the example's configurations, as its file has it. */
class Example {
  readonly file: string;
  readonly config: UserConfig;

  constructor(name: string) {
    this.file = join(ROOT, 'docs/examples/two-nodes', `${name}.json`);
    this.config = JSON.parse(readFileSync(this.file, 'utf8')) as UserConfig;
  }

  get gateway(): Exclude<UserConfig['gateway'], false | undefined> {
    assert.ok(this.config.gateway);
    return this.config.gateway;
  }
}

/** A node that somebody runs in a terminal. */
class Terminal {
  /** What it listens on; a restart takes the same port again. */
  url = 'ws://127.0.0.1:0';
  readonly #example: Example;
  readonly #env: NodeJS.ProcessEnv;
  #process: ChildProcess | undefined;

  /** @param register where the Register is instead of the port that the example names */
  constructor(example: Example, register: string) {
    this.#example = example;
    const hostsRegister = example.config.register !== false;
    this.#env = {
      ...process.env,
      GW_GATEWAY_LANPORT: '0',
      DATABASE_URL: `sqlite:${join(folder, 'chat.db')}`,
      ...(hostsRegister
        ? { GW_REGISTER_LISTEN: register }
        : { GW_CLUSTER_REGISTERADDRESS: JSON.stringify([register]) }),
    };
  }

  /** Resolves when the node is up. */
  async start(): Promise<void> {
    const node = this.#run('start', 'pipe');
    this.#process = node;
    this.url = await new Promise((resolve, reject) => {
      const log: string[] = [];
      createInterface({ input: node.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        log.push(line);
        const { listeners }: { listeners?: string[] } = JSON.parse(line);
        if (listeners) resolve(listeners[0]);
      });
      node.once('exit', (status) => reject(new Error(`Ended with status ${status}:\n${log.join('\n')}`)));
    });
  }

  /** What somebody types in one more terminal. */
  async reload(): Promise<void> {
    const [status] = (await once(this.#run('reload', 'ignore'), 'exit')) as [number];
    assert.equal(status, 0, 'the node did not reload');
  }

  async stop(): Promise<void> {
    const node = this.#process;
    if (!node || node.exitCode !== null || node.signalCode !== null) return;
    const exited = once(node, 'exit', { signal: AbortSignal.timeout(LIMIT) });
    node.kill('SIGTERM');
    await exited;
  }

  #run(command: string, output: 'pipe' | 'ignore'): ChildProcess {
    const { listen = [] } = this.#example.gateway;
    const env = {
      ...this.#env,
      GW_GATEWAY_LISTEN: JSON.stringify(listen.map((listener) => ({ ...listener, url: this.url }))),
    };
    return spawn(process.execPath, [MAIN, command, '-c', this.#example.file], {
      cwd: ROOT,
      env,
      stdio: ['ignore', output, 'inherit'],
    });
  }
}

describe('two nodes, one chat', { timeout: 6 * LIMIT }, () => {
  const [exampleA, exampleB] = [new Example('node-a'), new Example('node-b')];
  let a: Terminal;
  let b: Terminal;
  let browser: Browser;
  /** What went wrong inside the pages; there must be nothing. */
  const pageErrors: string[] = [];

  async function enter(node: Terminal, name: string): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-GB' });
    context.setDefaultTimeout(LIMIT);
    context.on('weberror', (error) => pageErrors.push(error.error().message));
    const page = await context.newPage();
    await enterChat(page, node.url, name);
    return page;
  }

  before(
    async () => {
      const register = `127.0.0.1:${await freePort()}`;
      a = new Terminal(exampleA, register);
      b = new Terminal(exampleB, register);
      await a.start();
      await b.start();
      browser = await launchBrowser();
    },
    { timeout: 3 * LIMIT },
  );

  after(async () => {
    await browser?.close();
    await b?.stop();
    await a?.stop();
    rmSync(folder, { recursive: true });
  });

  it('has two configurations that fit together', () => {
    const { register, cluster } = exampleA.config;
    assert.ok(register);
    assert.equal(cluster?.registerAddress, undefined);
    assert.deepEqual(exampleB.config.cluster?.registerAddress, [register.listen]);
    assert.equal(exampleB.config.register, false);
    const ports = [exampleA, exampleB].flatMap(({ gateway }) => [
      gateway.lanPort,
      ...(gateway.listen ?? []).map(({ url }) => Number(new URL(url).port)),
    ]);
    assert.equal(new Set(ports).size, ports.length, `two of the ports ${ports.join(', ')} are one`);
  });

  it('lets people at different nodes talk, also after one of the nodes was reloaded', async () => {
    const ann = await enter(a, 'Ann');
    const ben = await enter(b, 'Ben');
    await notice(ann, 'Ben joined').waitFor();
    await Promise.all([person(ann, 'Ben').waitFor(), person(ben, 'Ann').waitFor()]);

    await say(ann, 'Hello from node A');
    await messages(ben, 'Hello from node A').waitFor();
    await say(ben, 'And from node B');
    await messages(ann, 'And from node B').waitFor();

    await ann.evaluate(watchState);
    await ben.evaluate(watchState);
    await Promise.all([a.reload(), say(ben, 'Said while node A reloads')]);
    await messages(ann, 'Said while node A reloads').waitFor();
    await Promise.all([b.reload(), say(ann, 'Said while node B reloads')]);
    await messages(ben, 'Said while node B reloads').waitFor();
    for (const page of [ann, ben]) {
      assert.equal(await page.locator('body').getAttribute('data-seen'), '', 'a connection was lost');
      for (const text of ['node A reloads', 'node B reloads']) {
        assert.equal(await messages(page, text).count(), 1);
      }
    }

    await person(ann, 'Ben').click();
    await say(ann, 'Only for you');
    await person(ben, 'Ann').locator('.badge', { hasText: '1' }).waitFor();
    await room(ann, 'lobby').click();
    await ben.close();
    await notice(ann, 'Ben left').waitFor();
    assert.deepEqual(pageErrors, []);
  });

  it('goes on at one node while the other is gone, and is one chat again when it is back', async () => {
    const cid = await enter(a, 'Cid');
    const dan = await enter(b, 'Dan');
    await person(cid, 'Dan').waitFor();
    await a.stop();
    await state(cid, 'waiting').waitFor();
    await say(dan, 'Is anybody there?');
    await messages(dan, 'Is anybody there?').waitFor();

    await a.start();
    await notice(cid, 'Reconnected').waitFor();
    // the nodes find each other again within seconds
    await eventually(async () => {
      await say(dan, 'Is anybody back?');
      await messages(cid, 'Is anybody back?').first().waitFor({ timeout: 1000 });
    });
    await say(cid, 'I am');
    await messages(dan, 'I am').waitFor();
    assert.deepEqual(pageErrors, []);
  });

  it('remembers the same at both nodes', async () => {
    const eva = await enter(b, 'Eva');
    await Promise.all(['Hello from node A', 'And from node B'].map((text) => messages(eva, text).waitFor()));
  });
});

/** In the page: notes every state of the connection from now on. */
function watchState(): void {
  const element = document.querySelector<HTMLElement>('#state');
  if (element === null) throw new Error('the page shows no state');
  const { dataset } = document.body;
  dataset.seen = '';
  const look = (): void => void (dataset.seen += ` ${element.dataset.state}`);
  new MutationObserver(look).observe(element, { attributes: true });
}

/** One that nobody has; another process may take it before it is used, which is unlikely. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
