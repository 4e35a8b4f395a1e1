import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LineOutput, type Losses } from '#src/ops/log/line-output.js';
import { openForLines } from '#src/ops/log/never-wait.js';

const LINE = `${'x'.repeat(99)}\n`;

describe('lines to a file or a pipe', { skip: process.platform === 'win32', timeout: 20_000 }, () => {
  let folder: string;
  let path: string;
  let regained: Losses[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewayworker-lines-'));
    path = join(folder, 'logs', 'a.log');
    regained = [];
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  function opened(fd: number): LineOutput {
    return new LineOutput(fd, (losses) => void regained.push(losses));
  }

  /** A pipe with a name, and its reading end, which does not wait either. */
  function pipe(): { output: LineOutput; read: () => string; hangUp: () => void } {
    const name = join(folder, 'pipe');
    execFileSync('mkfifo', [name]);
    const reader = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
    const buffer = Buffer.alloc(2 ** 20);
    return {
      output: opened(openForLines(name)),
      hangUp: () => closeSync(reader),
      read() {
        try {
          return buffer.toString('utf8', 0, readSync(reader, buffer));
        } catch {
          return '';
        }
      },
    };
  }

  it('are in the file at once, in a folder that is made for it, behind what is there', async () => {
    opened(openForLines(path)).write('one\n');
    opened(openForLines(path)).write('two\n');
    assert.equal(await readFile(path, 'utf8'), 'one\ntwo\n');
  });

  it('go on at the beginning of a file that was cut off, and in another one when it is moved', async () => {
    const output = opened(openForLines(path));
    output.write('one\n');
    await truncate(path);
    output.write('two\n');
    assert.equal(await readFile(path, 'utf8'), 'two\n', 'no hole where the first line was');
    renameSync(path, `${path}.1`);
    output.write('three\n');
    output.moveTo(openForLines(path));
    output.write('four\n');
    assert.equal(await readFile(`${path}.1`, 'utf8'), 'two\nthree\n');
    assert.equal(await readFile(path, 'utf8'), 'four\n');
  });

  it('are lost and counted when the disk is full, which is said when it no longer is', () => {
    const output = opened(openForLines('/dev/full'));
    for (let n = 0; n < 3; n++) output.write(LINE);
    assert.deepEqual(output.losses, { lost: 3, lastError: 'ENOSPC' });
    assert.deepEqual(regained, []);
    output.moveTo(openForLines(path));
    output.write(LINE);
    assert.deepEqual(regained, [{ lost: 3, lastError: 'ENOSPC' }]);
    output.write(LINE);
    assert.equal(regained.length, 1, 'once');
  });

  it('are lost and counted when the reader goes away', () => {
    const { output, hangUp } = pipe();
    output.write('one\n');
    hangUp();
    output.write('two\n');
    output.write('three\n');
    assert.deepEqual(output.losses, { lost: 2, lastError: 'EPIPE' });
  });

  it('wait for a slow reader, who gets them whole and in order', async () => {
    const { output, read } = pipe();
    const lines = Array.from({ length: 5000 }, (_, n) => `${n} ${LINE}`);
    for (const line of lines) output.write(line);
    let got = '';
    while (got.length < lines.join('').length) {
      got += read();
      output.flush();
    }
    assert.equal(got, lines.join(''));
    await output.flushed(0);
    assert.deepEqual(output.losses, { lost: 0, lastError: null });
  });

  it('are written behind a slow reader by themselves', async () => {
    const { output, read } = pipe();
    for (let n = 0; n < 3000; n++) output.write(LINE);
    let got = '';
    const flushed = output.flushed(10_000).then(() => 'flushed');
    for (;;) {
      got += read();
      const next = await Promise.race([flushed, new Promise((resolve) => setImmediate(resolve))]);
      if (next === 'flushed') break;
    }
    got += read();
    assert.equal(got.length, 3000 * LINE.length);
  });

  it('are lost and counted when nobody reads, and the memory for them is bounded', () => {
    const { output, read } = pipe();
    const before = process.memoryUsage().external;
    for (let n = 0; n < 100_000; n++) output.write(LINE);
    assert.ok(process.memoryUsage().external - before < 2 ** 23);
    const { lost, lastError } = output.losses;
    assert.equal(lastError, 'EAGAIN');
    assert.ok(lost > 80_000 && lost < 100_000, `${lost}`);
    // once all that waited is read
    let got = 0;
    for (let chunk = read(); chunk !== ''; chunk = read()) {
      got += chunk.length;
      output.flush();
    }
    assert.equal(got / LINE.length, 100_000 - lost);
    output.write(LINE);
    assert.deepEqual(regained, [{ lost, lastError: 'EAGAIN' }]);
  });

  it('leave no half line that the next one is glued to', async () => {
    writeFileSync(join(folder, 'limited.mjs'), LIMITED);
    const out = execFileSync(
      'bash',
      [
        '-c',
        // a file may have 1 KiB: as on a disk with so much left
        `ulimit -f 1; exec "${process.execPath}" "${join(folder, 'limited.mjs')}" "${folder}"`,
      ],
      {
        encoding: 'utf8',
        env: {
          ...process.env,
          LINE_OUTPUT: import.meta.resolve('#src/ops/log/line-output.js'),
          NEVER_WAIT: import.meta.resolve('#src/ops/log/never-wait.js'),
        },
      },
    );
    assert.deepEqual(JSON.parse(out), { lost: 1, lastError: 'EFBIG' });
    const text = await readFile(join(folder, 'limited.log'), 'utf8');
    const lines = text.split('\n');
    assert.equal(lines[0].length, 99);
    assert.ok(lines.includes('after'), text);
  });
});

/** Fills a file up to its limit in the middle of a line, then makes room, and goes on. */
const LIMITED = `
import { truncateSync } from 'node:fs';
process.on('SIGXFSZ', () => {});
const { LineOutput } = await import(process.env.LINE_OUTPUT);
const { openForLines } = await import(process.env.NEVER_WAIT);
const path = process.argv[2] + '/limited.log';
const output = new LineOutput(openForLines(path), () => {});
for (let n = 0; n < 10; n++) output.write('x'.repeat(99) + '\\n');
output.write('y'.repeat(99) + '\\n');
truncateSync(path, 1010);
output.write('after\\n');
console.log(JSON.stringify(output.losses));
`;
