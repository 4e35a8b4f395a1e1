import assert from 'node:assert/strict';
import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { systemClock } from '#src/base/clock.js';
import { FolderWatcher } from '#src/ops/process/folder-watcher.js';
import { ManualClock } from '#src/testing/manual-clock.js';

/** Milliseconds. It only bounds a failure: everything here waits for an event. */
const LIMIT = 10_000;

describe('a folder watcher', { timeout: 4 * LIMIT }, () => {
  let root: string;
  let folder: string;
  let events: EventEmitter;
  let changes: number;
  let watcher: FolderWatcher;
  let keepAlive: NodeJS.Timeout;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'gatewayworker-watch-'));
    folder = join(root, 'events');
    await mkdir(join(folder, 'rooms'), { recursive: true });
    await mkdir(join(folder, 'public'));
    await writeFile(join(folder, 'index.ts'), '1');
    events = new EventEmitter();
    changes = 0;
    watcher = new FolderWatcher({
      folder,
      ignored: [join(folder, 'public')],
      clock: systemClock,
      onChange() {
        changes++;
        events.emit('change');
      },
      onError: (error) => events.emit('error', error),
    });
    watcher.start();
    keepAlive = setInterval(() => {}, 1000);
  });

  afterEach(async () => {
    clearInterval(keepAlive);
    watcher.close();
    await rm(root, { recursive: true });
  });

  /** Waits for the change that an action makes. */
  async function changed(action: () => Promise<unknown>): Promise<void> {
    const change = once(events, 'change', { signal: AbortSignal.timeout(LIMIT) });
    await action();
    await change;
  }

  it('sees every save, be it in place or a file put in place of another', async () => {
    const file = join(folder, 'index.ts');
    for (let time = 0; time < 3; time++) {
      await changed(async () => {
        await writeFile(join(root, 'new'), `replaced ${time}`);
        await rename(join(root, 'new'), file);
      });
      await changed(async () => await writeFile(file, `written ${time}`));
    }
  });

  it('sees files in folders below, also in those that are new or come back', async () => {
    await changed(async () => await writeFile(join(folder, 'rooms', 'a.ts'), '1'));
    for (let time = 0; time < 2; time++) {
      await changed(async () => await mkdir(join(folder, 'new', 'deep'), { recursive: true }));
      await changed(async () => await writeFile(join(folder, 'new', 'deep', 'b.ts'), '1'));
      await changed(async () => await rm(join(folder, 'new'), { recursive: true }));
    }
  });

  it('tells once of changes that come together, and not of those that do not count', async () => {
    await mkdir(join(folder, 'node_modules'));
    await mkdir(join(folder, '.gatewayworker'));
    await writeFile(join(folder, 'public', 'page.html'), '1');
    await writeFile(join(folder, 'node_modules', 'x.js'), '1');
    await writeFile(join(folder, '.gatewayworker', 'x.mjs'), '1');
    // what did not count has been seen by now, or would be told of together with this
    await changed(async () => {
      for (const name of ['a', 'b', 'c']) await writeFile(join(folder, `${name}.ts`), '1');
    });
    assert.equal(changes, 1);
  });

  it('says when there is nothing to watch', async () => {
    const errors: Error[] = [];
    const file = join(folder, 'index.ts');
    const other = new FolderWatcher({
      folder: file,
      ignored: [],
      clock: systemClock,
      onChange() {},
      onError: (error) => errors.push(error),
    });
    other.start();
    other.close();
    assert.equal((errors[0] as NodeJS.ErrnoException).code, 'ENOTDIR');
  });

  it('tries a folder again that cannot be watched, and then takes it for changed', async () => {
    const clock = new ManualClock();
    const errors: Error[] = [];
    let seen = 0;
    const late = join(root, 'late');
    const other = new FolderWatcher({
      folder: late,
      ignored: [],
      clock,
      onChange: () => seen++,
      onError: (error) => errors.push(error),
    });
    other.start();
    clock.advance(5000);
    await mkdir(late);
    assert.deepEqual([seen, errors.length], [0, 2]);
    clock.advance(5000);
    clock.advance(100);
    assert.deepEqual([seen, errors.length], [1, 2]);
    other.close();
    assert.equal(clock.timers, 0);
  });
});
