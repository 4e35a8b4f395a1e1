/** The samples in docs/backbone.md: programs of other languages, for each of which its language is on this machine. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, after, before, describe, it } from 'node:test';
import { ApiClient } from '../support/api-client.js';
import { samplesIn } from '../support/documents.js';
import { freePort } from '../support/free-port.js';
import { Inbox } from '../support/inbox.js';
import { NatsServer } from '../support/nats.js';
import { NodeProcess } from '../support/node.js';

interface Language {
  readonly name: string;
  readonly sample: string;
  readonly file: string;
  readonly command: readonly [string, ...string[]];
}

const LANGUAGES: readonly Language[] = [
  { name: 'Python', sample: 'python', file: 'send.py', command: ['python3'] },
  { name: 'PHP', sample: 'php', file: 'send.php', command: ['php'] },
  { name: 'Go', sample: 'go', file: 'send.go', command: ['go', 'run'] },
];
const HERE = LANGUAGES.filter(({ command: [program] }) => isHere(program));

describe('the samples of other languages in docs/backbone.md', { timeout: 120_000 }, () => {
  let server: NatsServer;
  let folder: string;
  const nodes: NodeProcess[] = [];
  const ends: (() => Promise<void>)[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewayworker-languages-'));
    server = await NatsServer.start({ after: (end) => ends.push(end) });
    nodes.push(...(await Promise.all(['left', 'right'].map(startCell))));
  });
  after(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    for (const end of ends) await end();
    await rm(folder, { recursive: true, force: true });
  });

  it('are of three languages', () => {
    const samples = samplesIn('python', 'php', 'go').filter(
      ({ document }) => document === 'docs/backbone.md',
    );
    assert.deepEqual(
      samples.map(({ language }) => language),
      LANGUAGES.map(({ sample }) => sample),
    );
    assert.ok(HERE.length > 0);
  });

  for (const language of HERE) {
    it(`send to clients of every cell from ${language.name}, and are told what those do`, async (test) => {
      const [left, right] = await Promise.all(nodes.map((node) => ApiClient.connect(node.url('ws'))));
      await left.call('client.join', 'room 7');
      await right.call('client.bindUid', 'ann@example.com');
      const said = await run(test, language);
      assert.equal(await left.ws.next(), `Hello from ${language.name}`);
      assert.deepEqual(JSON.parse(String(await right.ws.next())), {
        event: 'said',
        data: { text: 'for Ann' },
      });
      for (const { ws } of [left, right]) assert.deepEqual(await ws.next(), Buffer.from([1, 2, 3]));

      // it subscribes behind what it sends
      while (said.length === 0) await left.call('describe');
      const [subject, event] = (await said.next()).split(/ (.*)/);
      assert.equal(subject, 'gatewayworker.events.message');
      const { clientId, message } = JSON.parse(event) as { clientId: string; message: string };
      assert.deepEqual([clientId, message], [left.id, '{"call":"describe","args":[]}']);
    });
  }

  async function startCell(name: string): Promise<NodeProcess> {
    return await NodeProcess.start({
      name,
      events: 'api',
      gateway: { lanPort: await freePort() },
      cluster: {
        backbone: { servers: [server.url], name, events: ['connect', 'close', 'message'] },
      },
    });
  }

  /** Runs a sample until the test ends. @returns the lines that it prints */
  async function run(test: TestContext, { name, sample, file, command }: Language): Promise<Inbox<string>> {
    const found = samplesIn(sample).find(({ document }) => document === 'docs/backbone.md');
    assert.ok(found);
    const path = join(folder, file);
    await writeFile(path, found.code.replace('4222', String(server.port)));
    const [program, ...args] = command;
    const child: ChildProcess = spawn(program, [...args, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    // what `go run` has started is to end as well
    test.after(() => process.kill(-(child.pid as number)));
    const lines = new Inbox<string>(`the sample in ${name}`);
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => lines.put(line));
    return lines;
  }
});

function isHere(program: string): boolean {
  try {
    execFileSync(program, [program === 'go' ? 'version' : '--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
