import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finished } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { PrintedLines, takeOver } from '#src/base/printed-text.js';
import { ManualClock } from '#src/testing/manual-clock.js';

function setUp() {
  const clock = new ManualClock();
  const lines: Array<Record<string, unknown>> = [];
  const printed = new PrintedLines({
    clock,
    writeLine: (line) => void lines.push(JSON.parse(line)),
    fields: { worker: 3 },
  });
  return { clock, lines, printed, texts: () => lines.map(({ msg }) => msg) };
}

describe('lines of what was printed', () => {
  it('say where they come from, and nothing in them is filled in', () => {
    const { lines, printed } = setUp();
    printed.add('stdout', 'one: 100%% %s\n');
    printed.add('stderr', 'two\n');
    assert.deepEqual(
      lines.map(({ level, worker, stream, msg }) => [level, worker, stream, msg]),
      [
        [30, 3, 'stdout', 'one: 100%% %s'],
        [40, 3, 'stderr', 'two'],
      ],
    );
  });

  it('are one for what is printed at once, and are put together from pieces', () => {
    const { clock, texts, printed } = setUp();
    printed.add('stdout', '{\n  a: 1\n}\n');
    printed.add('stdout', 'b');
    printed.add('stderr', 'another stream\n');
    printed.add('stdout', 'c\nd');
    assert.deepEqual(texts(), ['{\n  a: 1\n}', 'another stream', 'bc']);
    printed.add('stdout', '\n');
    assert.deepEqual(texts().slice(3), ['d']);
    assert.equal(clock.timers, 0);
  });

  it('do not wait for a newline for ever, nor hold back what came before the end', () => {
    const { clock, texts, printed } = setUp();
    printed.add('stdout', 'prompt> ');
    clock.advance(200);
    assert.deepEqual(texts(), ['prompt> ']);
    printed.add('stdout', 'x'.repeat(70_000));
    assert.equal(texts().length, 2, 'what is very long is a line at once');
    printed.add('stderr', 'last words');
    printed.close();
    assert.deepEqual(texts().slice(2), ['last words']);
    assert.equal(clock.timers, 0);
  });
});

describe('taking over what is printed', () => {
  it('takes text in every form, and gives the stream back', async () => {
    const taken: string[] = [];
    const giveBack = takeOver('stderr', (_, text) => void taken.push(text));
    const written = new Promise((resolve) => process.stderr.write('written', resolve));
    console.error('console %d', 1);
    process.stderr.write(Buffer.from('buffer'));
    process.stderr.write('6869', 'hex');
    await written;
    const euro = Buffer.from('€');
    const source = Readable.from([euro.subarray(0, 1), euro.subarray(1)]);
    source.pipe(process.stderr);
    await finished(source);
    giveBack();
    assert.deepEqual(taken, ['written', 'console 1\n', 'buffer', 'hi', '€']);
    assert.ok(!Object.hasOwn(process.stderr, 'write'));
  });
});
