import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { configFolder } from '../support/config-folder.js';
import { NodeProcess, failToStart } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

/** A router whose timer throws when its first client comes, and that answers with a promise which is rejected. */
const ROUTER = `
export default async function router(workers) {
  setTimeout(() => { throw new Error('late in a timer'); }, 0);
  throw new Error('late in a promise');
}
`;

/** Has a process get no further descriptor. @returns how it gets them again */
function exhaust(pid: number): () => void {
  const limit = (soft: number | string): void =>
    void execFileSync('prlimit', ['--pid', `${pid}`, `--nofile=${soft}:`]);
  let free = 0;
  while (existsSync(`/proc/${pid}/fd/${free}`)) free++;
  limit(free);
  return () => limit(1000);
}

describe('what fails late, in a helper or a module of the user', {
  skip: process.platform !== 'linux',
}, () => {
  it('a compiler that cannot be started: the reload is refused, the node goes on, the next reload works', async (t) => {
    const node = await NodeProcess.start({ events: 'echo' });
    t.after(() => node.stop());
    const client = await WsClient.connect(node.url('ws'));
    const restore = exhaust(node.pid);
    for (let time = 0; time < 2; time++) {
      node.signal('SIGUSR2');
      const { msg } = await node.logged('not reloaded');
      assert.match(msg, /^not reloaded, the old code goes on: The compiler .*: spawn .*esbuild.* EMFILE/);
    }
    client.send('still here');
    assert.equal(await client.next(), 'still here');
    restore();
    node.signal('SIGUSR2');
    await node.logged('reloaded');
    client.send('and here');
    assert.equal(await client.next(), 'and here');
  });

  it('a router: logged, and the node serves on', async (t) => {
    const folder = await configFolder(t, { 'router.js': ROUTER });
    const node = await NodeProcess.start({ events: 'echo', gateway: { router: join(folder, 'router.js') } });
    t.after(() => node.stop());
    const client = await WsClient.connect(node.url('ws'));
    client.send('one');
    assert.equal(await client.next(), 'one');
    for (const what of ['late in a promise', 'late in a timer']) {
      await until(node, `and the process goes on: Error: ${what}`);
    }
    client.send('two');
    assert.equal(await client.next(), 'two');
  });

  it('a router while the node starts: the start is refused, with its line', async (t) => {
    const folder = await configFolder(t, {
      'router.js': `setTimeout(() => { throw new Error('too late'); }, 0);\nawait new Promise((resolve) => setTimeout(resolve, 1));\n${ROUTER}`,
    });
    const { status, errors, output } = await failToStart({
      events: 'echo',
      gateway: { router: join(folder, 'router.js') },
    });
    assert.equal(status, 1, errors);
    assert.doesNotMatch(output, /is up/);
    assert.match(errors, /^gatewayworker: While the node started, .*: Error: too late\n.*router\.js:1:/);
  });
});

/** Resolves when the log has a line with this, whatever came first. */
async function until(node: NodeProcess, text: string): Promise<void> {
  while (!node.log.some(({ msg }) => msg.includes(text))) await node.logged('');
}
