import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';

/** Runs `script`, with the log of a process in scope, in a process of its own; what it wrote to standard output. */
function output(script: string): string {
  const url = JSON.stringify(import.meta.resolve('#src/ops/log/process-log.js'));
  const code = `const { ProcessLog } = await import(${url});\n${script}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

describe("a process's log", () => {
  it('is JSON in a pipe, and the last line is written when the process exits', () => {
    const lines = output("new ProcessLog('info').logger.info({ n: 1 }, 'hello'); process.exit(0);")
      .trim()
      .split('\n');
    assert.equal(lines.length, 1);
    assert.equal(JSON.parse(lines[0]).msg, 'hello');
  });

  it('is for people on a terminal, hides the same, and loses no last line either', () => {
    const text = output(`process.stdout.isTTY = true;
      new ProcessLog('info').logger.warn({ port: 8282, secretKey: 'hunter2' }, 'hello');
      process.exit(0);`);
    assert.match(text, /WARN.*hello/);
    assert.match(text, /port.*8282/);
    assert.ok(!text.includes('hunter2'), text);
    assert.throws(() => JSON.parse(text));
  });

  it('shows people what was printed as it was printed, behind its worker', () => {
    const text = output(`process.stdout.isTTY = true;
      const { logger } = new ProcessLog('info');
      logger.info({ worker: 2, stream: 'stdout' }, 'from a worker');
      logger.warn({ stream: 'stderr' }, 'from the main thread');
      process.exit(0);`);
    const lines = text.trimEnd().split('\n');
    assert.match(lines[0], /INFO: \(worker 2\) from a worker$/);
    assert.match(lines[1], /WARN: from the main thread$/);
    assert.equal(lines.length, 2);
  });
});
