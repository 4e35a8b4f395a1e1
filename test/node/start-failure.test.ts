import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import type { UserConfig } from '#src/config/user-config.js';
import { loadConfig } from '#src/config/load.js';
import { configFolder, refusal } from '../support/config-folder.js';
import { type FailedStart, failToStart } from '../support/node.js';

const IMPORT = "import { defineEvents } from 'gatewayworker';";

/** Starts a node with this as its events/index.ts. */
async function startWith(t: TestContext, lines: string[], worker: object = {}): Promise<FailedStart> {
  const folder = await configFolder(t, { 'events/index.ts': lines.join('\n') });
  return await failToStart({ events: join(folder, 'events'), worker });
}

/** It ended with this status, and was never up: no listener had been opened. */
function assertFailed(failed: FailedStart, status: number): void {
  assert.equal(failed.status, status, failed.errors);
  assert.doesNotMatch(failed.output, /is up/);
  assert.match(failed.errors, /^gatewayworker: /);
  assert.doesNotMatch(failed.errors, /node:internal|Unhandled/);
}

describe('a start that fails says why, and leaves nothing running', { concurrency: 4 }, () => {
  it('a port in use', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    t.after(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const listen = [{ url: 'text://127.0.0.1:0' }, { url: `ws://127.0.0.1:${port}` }];
    const failed = await failToStart({ events: 'echo', gateway: { listen }, worker: { count: 2 } });
    assertFailed(failed, 1);
    assert.match(
      failed.errors,
      new RegExp(`Cannot listen on ws://127.0.0.1:${port} \\(gateway\\.listen\\): .*The port is in use: `),
    );
  });

  it('an inner port or a Register in use: the keys that set them', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    t.after(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const address = `127.0.0.1:${port}`;
    const inner = await failToStart({
      events: 'echo',
      gateway: { lanPort: port },
      register: { listen: '127.0.0.1:0' },
    });
    assertFailed(inner, 1);
    assert.match(
      inner.errors,
      new RegExp(
        `${address} \\(gateway\\.lanPort; gateway\\.innerListen or gateway\\.lanIp\\): .*The port is in use`,
      ),
    );
    const register = await failToStart({ events: 'echo', register: { listen: address } });
    assertFailed(register, 1);
    assert.match(register.errors, new RegExp(`${address} \\(register\\.listen\\): .*The port is in use`));
  });

  it('an events folder that is missing, or empty', async (t) => {
    const folder = await configFolder(t, { 'empty/readme.txt': '' });
    const missing = await failToStart({ events: join(folder, 'no-such') });
    assertFailed(missing, 1);
    assert.match(missing.errors, /The events folder \/.*\/no-such does not exist\. .*worker\.events/);
    const empty = await failToStart({ events: join(folder, 'empty') });
    assertFailed(empty, 1);
    assert.match(empty.errors, /has no index\.ts, /);
  });

  it('code that does not compile: file, line, column, the line itself, and a caret', async (t) => {
    const failed = await startWith(t, [
      IMPORT,
      'export default defineEvents({',
      '  onMessage(client {',
      '});',
    ]);
    assertFailed(failed, 1);
    assert.match(failed.errors, /Expected "\)" but found "\{"\n\n.*events\/index\.ts:3:19:\n/);
    assert.match(failed.errors, /\n.*3 │ {3}onMessage\(client \{\n.*│ {20}\^\n/);
  });

  it('an import of a file that is not there', async (t) => {
    const failed = await startWith(t, [IMPORT, "import { x } from './missing.js';", 'export default x;']);
    assertFailed(failed, 1);
    assert.match(failed.errors, /Could not resolve "\.\/missing\.js"\n\n.*events\/index\.ts:2:18:\n/);
  });

  it('an import of a package that is not installed', async (t) => {
    const failed = await startWith(t, [IMPORT, "import x from 'no-such-package';", 'export default x;']);
    assertFailed(failed, 1);
    assert.match(
      failed.errors,
      /imports the package no-such-package, which is not installed: run npm install no-such-package/,
    );
  });

  it('a module that throws while it is loaded: its line', async (t) => {
    const failed = await startWith(t, [IMPORT, '', "throw new Error('not today');"]);
    assertFailed(failed, 1);
    assert.match(failed.errors, /not today/);
    assert.match(failed.errors, /events\/index\.ts:3:/);
  });

  it('no onMessage', async (t) => {
    const failed = await startWith(t, [IMPORT, 'export default defineEvents({ onConnect() {} } as never);']);
    assertFailed(failed, 1);
    assert.match(
      failed.errors,
      /events.* is no events module: it has neither onMessage nor messages\. Expected: export default defineEvents/,
    );
  });

  it('an event that does not exist', async (t) => {
    const failed = await startWith(t, ['export default { onMessage() {}, onClosed() {} };']);
    assertFailed(failed, 1);
    assert.match(failed.errors, /it has onClosed, which is no event; the events are .*onClose/);
  });

  for (const [how, line] of [
    ['throws', "onWorkerStart() { throw new Error('no database'); },"],
    ['rejects', "async onWorkerStart() { await null; throw new Error('no database'); },"],
  ]) {
    it(`onWorkerStart ${how}: its line`, async (t) => {
      const failed = await startWith(
        t,
        [IMPORT, 'export default defineEvents({', line, 'onMessage() {},', '});'],
        { count: 3 },
      );
      assertFailed(failed, 1);
      assert.match(failed.errors, /onWorkerStart failed:\n.*no database/);
      assert.match(failed.errors, /events\/index\.ts:3:/);
    });
  }

  const UNREACHABLE = "throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });";
  const WHY = /fetch failed[^]*connect ECONNREFUSED/;

  for (const [where, lines] of [
    ['while the module is loaded', [UNREACHABLE]],
    ['in onWorkerStart', [`export function onWorkerStart() { ${UNREACHABLE} }`]],
    [
      'in a thread that waits for nothing',
      [`setTimeout(() => { ${UNREACHABLE} });`, 'await new Promise(() => {});'],
    ],
  ] as const) {
    it(`an error's cause: ${where}`, async (t) => {
      const failed = await startWith(t, [...lines, 'export const onMessage = () => {};']);
      assertFailed(failed, 1);
      assert.match(failed.errors, WHY);
    });
  }

  it("an error's cause: in a router, a protocol, and a configuration", async (t) => {
    const folder = await configFolder(t, {
      'throws.mjs': UNREACHABLE,
      'gatewayworker.config.mjs': UNREACHABLE,
    });
    const file = join(folder, 'throws.mjs');
    const router = await failToStart({ events: 'echo', gateway: { router: file } });
    const protocol = [{ url: 'tcp://127.0.0.1:0', protocol: file }];
    const module = await failToStart({ events: 'echo', gateway: { listen: protocol } });
    for (const failed of [router, module]) {
      assertFailed(failed, 1);
      assert.match(failed.errors, WHY);
    }
    assert.match(await refusal(loadConfig({ cwd: folder, env: {} })), WHY);
  });

  it('a worker that ends while it starts', async (t) => {
    const failed = await startWith(t, ['export const onMessage = () => {};', 'process.exit(7);']);
    assertFailed(failed, 1);
    assert.match(failed.errors, /Worker 0 died while it started/);
  });

  for (const [what, lines] of [
    ['a top-level await that never settles', ['await new Promise(() => {});']],
    ['an endless loop while the code is loaded', ['for (;;);']],
    ['onWorkerStart that never settles', ['export const onWorkerStart = () => new Promise(() => {});']],
    ['an endless loop in onWorkerStart', ['export const onWorkerStart = () => { for (;;); };']],
  ] as const) {
    it(`${what}: it is out of time`, async (t) => {
      const failed = await startWith(t, [...lines, 'export const onMessage = () => {};'], {
        startTimeout: 1,
      });
      assertFailed(failed, 1);
      assert.match(
        failed.errors,
        /Worker 0 was not ready within 1 s \(worker\.startTimeout\): it waited for /,
      );
    });
  }

  it('a system call that never returns: the process ends all the same', {
    skip: process.platform === 'win32',
  }, async (t) => {
    const folder = await configFolder(t);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const failed = await startWith(
      t,
      [
        "import { readFileSync } from 'node:fs';",
        `readFileSync(${JSON.stringify(pipe)});`,
        'export const onMessage = () => {};',
      ],
      // the thread has to have come so far, on a busy machine too
      { startTimeout: 4 },
    );
    assert.equal(failed.status, null);
    assert.match(failed.errors, /was not ready within 4 s/);
  });

  it('a maxMemory that was meant in MiB: status 2, and what was meant', async () => {
    const failed = await failToStart({ events: 'echo', worker: { maxMemory: 512 } });
    assertFailed(failed, 2);
    assert.match(
      failed.errors,
      /worker\.maxMemory: found 512, expected bytes: .* did you mean 536870912 \(512 MiB\)\?/,
    );
  });

  it('a router module that cannot be loaded', async (t) => {
    const folder = await configFolder(t);
    const router = join(folder, 'no-such-router.js');
    const failed = await failToStart({ events: 'echo', gateway: { router } });
    assertFailed(failed, 1);
    assert.match(failed.errors, /The router module .*no-such-router\.js cannot be loaded/);
  });

  it('a wrong configuration: status 2, with the key, the value and a suggestion', async () => {
    const gateway = { pingIntervall: 3 } as UserConfig['gateway'] & object;
    const failed = await failToStart({ events: 'echo', gateway });
    assertFailed(failed, 2);
    assert.match(failed.errors, /gateway\.pingIntervall.*pingInterval/s);
  });
});
