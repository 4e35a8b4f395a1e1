import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { samplesIn } from '../support/documents.js';
import { PackageProject } from '../support/package-project.js';

/** Where the documents put the project. */
const FOLDER = '/srv/chat';

/** The one sample of docs/deployment.md in this language. */
function sample(language: string): string {
  const [found, ...others] = samplesIn(language).filter(({ document }) => document === 'docs/deployment.md');
  assert.equal(others.length, 0);
  return found.code;
}

describe('what docs/deployment.md says, done in a project', () => {
  const project = new PackageProject();
  before(() => {
    project.linkPackage();
    project.write('events/index.js', 'exports.onMessage = () => {};');
    project.write(
      'gatewayworker.config.json',
      '{ "gateway": { "listen": [{ "url": "text://127.0.0.1:0" }] }, "worker": { "count": 1 }, "register": false }',
    );
  });
  after(() => project.remove());

  it("the Dockerfile's command runs a node that SIGTERM stops", async () => {
    const command = /^CMD (.*)$/m.exec(sample('dockerfile'))?.[1];
    assert.ok(command);
    const [program, ...words] = JSON.parse(command) as string[];
    const node = spawn(program, words, { cwd: project.folder, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(node, 'close');
    const log: string[] = [];
    for await (const line of createInterface({ input: node.stdout })) {
      const { msg } = JSON.parse(line) as { msg: string };
      log.push(msg);
      if (msg.includes('is up')) node.kill('SIGTERM');
    }
    assert.deepEqual(await ended, [0, null]);
    assert.equal(log.at(-1), 'stopped');
  });

  it('systemd finds nothing wrong with the unit', () => {
    const unit = sample('ini');
    assert.ok(unit.includes(`WorkingDirectory=${FOLDER}\n`));
    project.write('chat.service', unit.replaceAll(FOLDER, project.folder));
    const { status, stdout, stderr } = project.try('systemd-analyze', [
      'verify',
      '--man=no',
      join(project.folder, 'chat.service'),
    ]);
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    // what is said of other units of this machine is none of ours
    assert.doesNotMatch(stderr, /chat\.service/);
  });
});
