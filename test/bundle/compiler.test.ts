import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type TestContext, describe, it } from 'node:test';
import { type Plugin, build, formatMessages, transform } from 'esbuild';
import { compiling, endCompiler } from '#src/bundle/compiler.js';
import { LIMIT } from '../support/inbox.js';

/** The processes that this one starts from now on. */
function children(t: TestContext): ChildProcess[] {
  const found: ChildProcess[] = [];
  const onChild = (message: unknown): void => void found.push((message as { process: ChildProcess }).process);
  subscribe('child_process', onChild);
  t.after(() => {
    unsubscribe('child_process', onChild);
    endCompiler();
  });
  return found;
}

/** esbuild lets go of its process, which would not keep this one waiting. */
async function exited(child: ChildProcess): Promise<void> {
  child.ref();
  await once(child, 'exit', { signal: AbortSignal.timeout(LIMIT) });
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = exited(child);
  child.kill('SIGKILL');
  await gone;
}

async function one(): Promise<string> {
  return (await compiling(async () => await transform('let a: 1 = 1', { loader: 'ts' }))).code;
}

/** A build that waits for this in its middle. */
async function buildWith(middle: () => Promise<void>): Promise<number> {
  const plugin: Plugin = {
    name: 'middle',
    setup(hooks) {
      hooks.onResolve({ filter: /^x$/ }, () => ({ path: 'x', namespace: 'test' }));
      hooks.onLoad({ filter: /./, namespace: 'test' }, async () => {
        await middle();
        return { contents: '1' };
      });
    },
  };
  const { outputFiles } = await compiling(
    async () => await build({ entryPoints: ['x'], write: false, plugins: [plugin], logLevel: 'silent' }),
  );
  return outputFiles.length;
}

describe("the compiler's process", { timeout: 60_000 }, () => {
  it('is replaced when it has died since it was last needed', async (t) => {
    const processes = children(t);
    await one();
    for (let round = 0; round < 3; round++) {
      await kill(processes[round]);
      assert.match(await one(), /let a = 1/);
    }
    assert.equal(processes.length, 4);
    const [text] = await compiling(async () => await formatMessages([{ text: 'oops' }], { kind: 'error' }));
    assert.match(text, /oops/);
  });

  it('is replaced when it dies of its work, and all that it had to do is done', async (t) => {
    const processes = children(t);
    let waiting = 0;
    let killed = false;
    let bothWait!: () => void;
    const both = new Promise<void>((resolve) => (bothWait = resolve));
    const middle = async (): Promise<void> => {
      if (killed) return;
      if (++waiting === 2) bothWait();
      await both;
      if (!killed) {
        killed = true;
        await kill(processes[0]);
      }
    };
    assert.deepEqual(await Promise.all([buildWith(middle), buildWith(middle)]), [1, 1]);
    assert.equal(processes.length, 2);
  });

  it('is not ended while it has something to do', async (t) => {
    const processes = children(t);
    assert.equal(await buildWith(async () => endCompiler()), 1);
    const gone = exited(processes[0]);
    endCompiler();
    await gone;
    assert.match(await one(), /let a = 1/);
  });

  it('that dies each time is given up: GW_COMPILER', async (t) => {
    const processes = children(t);
    await assert.rejects(
      buildWith(async () => await kill(processes.at(-1) as ChildProcess)),
      { code: 'GW_COMPILER', message: /^The compiler .* cannot do its work: The service was stopped/ },
    );
    assert.equal(processes.length, 2);
    assert.match(await one(), /let a = 1/);
  });

  it('passes on what is wrong with the code, without another attempt', async (t) => {
    const processes = children(t);
    let attempts = 0;
    const wrong = compiling(async () => {
      attempts++;
      return await transform('let = ', { loader: 'ts', logLevel: 'silent' });
    });
    await assert.rejects(wrong, ({ errors }: { errors: unknown[] }) => errors.length === 1);
    assert.deepEqual([attempts, processes.length], [1, 1]);
  });
});
