import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { AdminClient } from '../support/admin-client.js';
import { ApiClient } from '../support/api-client.js';
import { readDocument, samplesIn } from '../support/documents.js';
import { NodeProcess } from '../support/node.js';

const DOCUMENT = 'docs/http-api.md';
const ADDRESS = '127.0.0.1:8280';
const run = promisify(execFile);

/** What runs a sample of each language, where it is installed. */
const LANGUAGES = {
  python: { file: 'sample.py', command: ['python3'], version: '--version' },
  go: { file: 'main.go', command: ['go', 'run'], version: 'version' },
  php: { file: 'sample.php', command: ['php'], version: '--version' },
} as const;

describe(DOCUMENT, { timeout: 60_000 }, () => {
  let node: NodeProcess;
  let admin: AdminClient;
  let ann: ApiClient;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewayworker-http-api-'));
    node = await NodeProcess.start({
      events: 'api',
      gateway: { pingInterval: 0 },
      admin: { listen: '127.0.0.1:0' },
    });
    admin = new AdminClient(await node.admin());
    ann = await ApiClient.connect(node.url('ws'));
    await ann.call('client.bindUid', 'ann');
    await ann.call('client.join', 'news');
  });
  after(async () => {
    await node.stop();
    await rm(folder, { recursive: true });
  });

  function samples(language: string): string[] {
    const found = samplesIn(language).filter(({ document }) => document === DOCUMENT);
    return found.map(({ code }) => code.replaceAll(ADDRESS, new URL(admin.url).host));
  }

  async function shell(command: string, args: readonly string[]): Promise<string> {
    const env = { ...process.env, TOKEN: admin.token };
    return (await run(command, args, { cwd: folder, env })).stdout;
  }

  it('has curl push a text, bytes, several at once, and once for a key', async () => {
    const [push, bytes, batch, retry, openapi, ...others] = samples('sh');
    assert.deepEqual(others, []);
    assert.equal(await shell('sh', ['-c', push]), '{"result":true}\n');
    assert.equal(await ann.ws.next(), 'It rains.');
    await shell('sh', ['-c', bytes]);
    assert.deepEqual(await ann.ws.next(), Buffer.from([0, 255, 10, 128]));
    assert.equal(await shell('sh', ['-c', batch]), '{"result":[{"result":true},{"result":true}]}\n');
    assert.equal(await ann.ws.next(), 'Your order is on its way.');
    for (const _ of [1, 2]) assert.equal(await shell('sh', ['-c', retry]), '{"result":true}\n');
    await admin.result('/api/sendToAll', { message: 'end' });
    assert.deepEqual([await ann.ws.next(), await ann.ws.next()], ['It rains.', 'end']);
    await shell('sh', ['-c', openapi]);
  });

  for (const [language, { file, command, version }] of Object.entries(LANGUAGES)) {
    it(`has ${language} push and ask`, async (t) => {
      const [program, ...words] = command;
      if (
        !(await run(program, [version]).then(
          () => true,
          () => false,
        ))
      ) {
        t.diagnostic(`${program} is not installed here`);
        return;
      }
      const [sample, ...others] = samples(language);
      assert.deepEqual(others, []);
      await writeFile(join(folder, file), sample);
      assert.equal(await shell(program, [...words, file]), '1 have heard it\n');
      assert.equal(await ann.ws.next(), 'It rains.');
    });
  }

  it('names every status that there is', () => {
    for (const status of [400, 401, 403, 404, 405, 409, 413, 421, 422, 429, 500, 503, 504])
      assert.match(readDocument(DOCUMENT), new RegExp(`^\\| (?:\\d+, )?${status}[ ,]`, 'm'));
  });
});
