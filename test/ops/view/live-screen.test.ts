import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { beforeEach, describe, it } from 'node:test';
import type { ReadStream, WriteStream } from 'node:tty';
import { showLive } from '#src/ops/view/live-screen.js';

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';

class FakeInput extends EventEmitter {
  readonly isTTY = true;
  raw = false;
  paused = true;
  setRawMode(raw: boolean): this {
    this.raw = raw;
    return this;
  }
  resume(): this {
    this.paused = false;
    return this;
  }
  pause(): this {
    this.paused = true;
    return this;
  }
}

class FakeOutput extends EventEmitter {
  rows = 5;
  written = '';
  write(text: string): boolean {
    this.written += text;
    this.emit('written');
    return true;
  }
}

describe('the live screen', () => {
  let input: FakeInput;
  let output: FakeOutput;

  beforeEach(() => {
    input = new FakeInput();
    output = new FakeOutput();
  });

  function show(draw: () => Promise<readonly string[]>): Promise<void> {
    return showLive(draw, {
      input: input as unknown as ReadStream,
      output: output as unknown as WriteStream,
    });
  }

  /** What is written for each of these drawings, and for the key that leaves after the last. */
  async function shown(drawings: readonly (readonly string[])[], key = 'q'): Promise<string[]> {
    const frames: string[] = [];
    const left = [...drawings];
    output.on('written', () => {
      frames.push(output.written);
      output.written = '';
      if (left.length === 0) setImmediate(() => input.emit('data', Buffer.from(key)));
    });
    await show(async () => left.shift() ?? []);
    return frames;
  }

  it('takes over the terminal, draws over what was there each second, and gives it back', async () => {
    assert.deepEqual(await shown([['one', 'two'], ['three']]), [
      ENTER,
      '\u001b[Hone\u001b[K\r\ntwo\u001b[K\u001b[J',
      '\u001b[Hthree\u001b[K\u001b[J',
      LEAVE,
    ]);
    assert.deepEqual([input.raw, input.paused, input.listenerCount('data')], [false, true, 0]);
    assert.equal(output.listenerCount('resize'), 0);
  });

  it('says how many lines do not fit', async () => {
    const [, frame] = await shown([['1', '2', '3', '4', '5', '6', '7']]);
    assert.equal(
      frame,
      `\u001b[H${['1', '2', '3', '4', '… 3 more lines'].join('\u001b[K\r\n')}\u001b[K\u001b[J`,
    );
  });

  for (const key of ['q', '\u0003', '\u001b']) {
    it(`is left with ${JSON.stringify(key)}`, async () => {
      assert.equal((await shown([['one']], key)).at(-1), LEAVE);
    });
  }

  it('stays for any other key, and draws anew when the terminal changes its size', async () => {
    const showing = show(async () => ['1', '2', '3']);
    await written(/3/);
    input.emit('data', Buffer.from('x'));
    input.emit('data', Buffer.from('\u001b[A'));
    output.rows = 2;
    output.emit('resize');
    await written(/… 2 more lines/);
    input.emit('data', Buffer.from('q'));
    await showing;
  });

  it('is left while an answer is still awaited', async () => {
    const showing = show(() => new Promise(() => {}));
    input.emit('data', Buffer.from('q'));
    await showing;
    assert.ok(output.written.endsWith(LEAVE));
  });

  it('gives the terminal back when drawing fails', async () => {
    await assert.rejects(
      show(async () => {
        throw new Error('of ours');
      }),
      /of ours/,
    );
    assert.ok(output.written.endsWith(LEAVE));
    assert.equal(input.raw, false);
  });

  async function written(pattern: RegExp): Promise<void> {
    while (!pattern.test(output.written)) await new Promise((resolve) => output.once('written', resolve));
  }
});
