import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { transformSync } from 'esbuild';
import { samplesIn } from '../support/documents.js';
import { PackageProject } from '../support/package-project.js';

/** The samples of docs/messages.md, as in a project that has this package and typebox installed. */
describe('docs/messages.md', () => {
  const own = samplesIn('ts').filter(({ document }) => document === 'docs/messages.md');
  const [application, request, upload, inATest] = own.map(({ code }) => code);
  const given = `import { defineEvents, message, Refused } from 'gatewayworker';
    import { Type } from 'typebox';
    const save = async () => {};\n`;
  let project: PackageProject;

  before(() => {
    project = new PackageProject();
    project.linkPackage();
    project.link('typebox');
    project.write('package.json', JSON.stringify({ type: 'module' }));
  });
  after(() => project.remove());

  function run(code: string, test: string): void {
    project.write('events/index.ts', code);
    const source = `
      import assert from 'node:assert/strict';
      import { test } from 'node:test';
      import { boot } from 'gatewayworker/testing';
      test('the sample', async () => {
        const app = await boot({ events: 'events' });
        ${test}
        assert.deepEqual(app.log.filter(({ level }) => level >= 40), []);
        await app.close();
      });`;
    project.write('messages.test.js', transformSync(source, { loader: 'ts', target: 'node20' }).code);
    project.run('node', ['--test', 'messages.test.js']);
  }

  it('has samples, which this test runs', () => assert.equal(own.length, 4));

  it('has an application that is tested as it says', () => {
    run(
      application,
      `${inATest}
      const bob = await app.connect();
      await assert.rejects(bob.request('join', { room: 'tea', name: 'ann' }), { code: 'taken' });
      bob.send('{"id":1,"event":"join","data":{"room":"tea","name":"bob"}}');
      assert.equal(await bob.next(), '{"id":1,"data":{"people":["ann","bob"]}}');`,
    );
  });

  it('asks a client, and takes bytes', () => {
    run(
      given + request,
      `const ann = await app.connect();
      ann.answer('confirm', ({ text }) => text === 'Delete x?');
      assert.equal(await ann.request('delete', { id: 'x' }), undefined);
      await assert.rejects(ann.request('delete', { id: 'y' }), { code: 'cancelled', message: 'Nothing was deleted' });`,
    );
    run(
      given + upload,
      `const ann = await app.connect();
      assert.deepEqual(await ann.request('upload', { name: 'a', file: Buffer.alloc(3) }), { bytes: 3 });`,
    );
  });
});
