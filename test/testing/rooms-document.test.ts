import { after, before, describe, it } from 'node:test';
import { transformSync } from 'esbuild';
import { samplesIn } from '../support/documents.js';
import { PackageProject } from '../support/package-project.js';

/** Those samples of docs/rooms.md that are an application, as in a project that has this package installed. */
describe('docs/rooms.md', () => {
  let project: PackageProject;

  before(() => {
    project = new PackageProject();
    project.linkPackage();
    project.write('package.json', JSON.stringify({ type: 'module' }));
  });
  after(() => project.remove());

  function run(mark: string, test: string): void {
    const sample = samplesIn('ts').find(
      ({ document, code }) => document === 'docs/rooms.md' && code.includes(mark),
    );
    project.write('events/index.ts', sample?.code ?? '');
    project.write(
      'rooms.test.js',
      transformSync(
        `
        import assert from 'node:assert/strict';
        import { test } from 'node:test';
        import { boot } from 'gatewayworker/testing';
        test('the sample', async () => {
          const app = await boot({ events: 'events', workers: 2 });
          ${test}
          assert.deepEqual(app.log.filter(({ level }) => level >= 40), []);
          await app.close();
        });`,
        { loader: 'ts', target: 'node20' },
      ).code,
    );
    project.run('node', ['--test', 'rooms.test.js']);
  }

  it('has a game whose rounds go on over a reload', () => {
    run(
      'onHandOver() {',
      `
      const ann = await app.connect({ query: { room: 'tea' } });
      const bob = await app.connect({ query: { room: 'tea' } });
      ann.send('left');
      let { round, moves } = await bob.nextJson();
      assert.deepEqual([round, moves], [1, ['left']]);
      await app.reload();
      bob.send('right');
      do {
        const next = await bob.nextJson();
        assert.equal(next.round, round + 1);
        ({ round, moves } = next);
      } while (moves.length === 0);
      assert.deepEqual(moves, ['right']);`,
    );
  });

  it('has workers that talk to each other', () => {
    run(
      'onWorkerMessage(',
      `
      const client = await app.connect();
      client.send('tea');
      assert.equal(await client.next(), '1 players');`,
    );
  });
});
