import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { transformSync } from 'esbuild';
import { samplesIn } from '../support/documents.js';
import { PackageProject } from '../support/package-project.js';

/** The samples of docs/testing.md, as the test files of a project that has this package installed. */
describe('docs/testing.md', () => {
  const samples = samplesIn('ts').filter(({ document }) => document === 'docs/testing.md');
  const [first, events, clients, reload, realNode] = samples.map(({ code }) => code);
  let project: PackageProject;

  before(() => {
    project = new PackageProject();
    project.linkPackage();
    project.write('package.json', JSON.stringify({ type: 'module' }));
    project.write('events/index.ts', events);
    project.write('events/index.js', javascript(events));
  });
  after(() => project.remove());

  it('has five samples, which this test runs', () => assert.equal(samples.length, 5));

  it('begins with a test that passes as it stands, and fails when the application is wrong', () => {
    project.write('first.test.js', javascript(first));
    project.run('node', ['--test', 'first.test.js']);
    project.write('events/index.js', javascript(events).replace('sendToGroup(', 'isOnline('));
    assert.notEqual(project.try('node', ['--test', 'first.test.js']).status, 0);
    project.write('events/index.js', javascript(events));
  });

  it('has parts that run', () => {
    project.write(
      'parts.test.js',
      javascript(`
        import assert from 'node:assert/strict';
        import { test } from 'node:test';
        import { boot } from 'gatewayworker/testing';
        import events from './events/index.js';
        test('clients', async () => {
          const app = await boot({ events });
          ${clients}
          assert.deepEqual([admin.uid, admin.session, admin.groups], ['admin', { name: 'Ada', room: 'tea' }, ['lobby', 'tea']]);
          assert.equal(plain.uid, null);
          await app.close();
        });
        test('reload and crash', async () => {
          const app = await boot({ events });
          ${reload}
          await app.close();
        });`),
    );
    project.run('node', ['--test', 'parts.test.js']);
    const [imports, body] = realNode.split('\n\n');
    project.write(
      'node.test.js',
      javascript(`
        import assert from 'node:assert/strict';
        import { test } from 'node:test';
        ${imports}
        test('a real node', async () => {
          ${body}
        });`),
    );
    project.run('node', ['--test', 'node.test.js']);
  });
});

function javascript(code: string): string {
  return transformSync(code, { loader: 'ts', target: 'node20' }).code;
}
