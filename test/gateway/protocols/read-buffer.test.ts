import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, Socket, connect, createServer } from 'node:net';
import { type TestContext, describe, it } from 'node:test';
import { PassThrough } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { readIntoBuffer } from '#src/gateway/protocols/read-buffer.js';

const onRead = (): boolean => true;

/** A connection that came in, and its client. */
async function pair(t: TestContext): Promise<{ incoming: Socket; client: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [incoming] = (await once(server, 'connection')) as [Socket];
  t.after(() => {
    client.destroy();
    incoming.destroy();
    server.close();
  });
  return { incoming, client };
}

describe('reading into one buffer', () => {
  it('brings what comes to onRead, and the end to the stream', async (t) => {
    const { incoming, client } = await pair(t);
    const read: string[] = [];
    const taken = readIntoBuffer(incoming, function (length, buffer) {
      assert.equal(this, incoming);
      read.push(buffer.toString('utf8', 0, length));
      return true;
    });
    assert.equal(taken, true, 'this Node has changed within: see read-buffer.ts');
    incoming.on('data', () => assert.fail('nothing is to come as a chunk'));
    client.end('hello');
    await once(incoming, 'end');
    assert.deepEqual(read, ['hello']);
    assert.equal(incoming.bytesRead, 5);
  });

  it('keeps two connections apart, which share the buffer', async (t) => {
    const pairs = await Promise.all([pair(t), pair(t)]);
    const read = ['', ''];
    for (const [index, { incoming }] of pairs.entries()) {
      readIntoBuffer(incoming, (length, buffer) => {
        read[index] += buffer.toString('utf8', 0, length);
        return true;
      });
      incoming.resume();
    }
    for (const [index, { client }] of pairs.entries()) client.end(String(index).repeat(100_000));
    await Promise.all(pairs.map(async ({ incoming }) => await once(incoming, 'end')));
    assert.deepEqual(read, ['0'.repeat(100_000), '1'.repeat(100_000)]);
  });

  it('stops when paused, and goes on when resumed', async (t) => {
    const { incoming, client } = await pair(t);
    let read = 0;
    const begun = new Promise<void>((resolve) => {
      readIntoBuffer(incoming, (length) => {
        read += length;
        if (read > length) return true;
        incoming.pause();
        resolve();
        return true;
      });
    });
    incoming.resume();
    // more than one read takes
    client.end(Buffer.alloc(1_000_000));
    await begun;
    const atPause = read;
    await new Promise((resolve) => void setImmediate(resolve));
    assert.equal(read, atPause);
    incoming.resume();
    await once(incoming, 'end');
    assert.equal(read, 1_000_000);
  });

  it('leaves alone what is no plain TCP connection, or none any more', async (t) => {
    assert.equal(readIntoBuffer(new TLSSocket(new PassThrough() as unknown as Socket), onRead), false);
    assert.equal(readIntoBuffer(new Socket(), onRead), false);
    const { incoming } = await pair(t);
    incoming.destroy();
    assert.equal(readIntoBuffer(incoming, onRead), false);
  });
});
