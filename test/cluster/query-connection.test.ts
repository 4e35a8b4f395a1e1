import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { GatewayError } from '#src/base/errors.js';
import { QueryConnection, type QueryConnectionOptions } from '#src/cluster/query-connection.js';
import { Command, Flag } from '#src/wire/command.js';
import { type Frame, type ReceivedFrame, emptyFrame } from '#src/wire/frame.js';
import { type PhpConnection, PhpGateway, replyBytes } from '../support/php-gateway.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const MAX_REPLY_LENGTH = 1024;
const PING_INTERVAL = 25_000;

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: () => void | Promise<void>): void {
  test(name, { timeout: 10_000 }, run);
}

function query(requestId: number): Frame {
  return {
    ...emptyFrame(),
    command: Command.GET_CLIENT_COUNT_BY_GROUP,
    localIp: 0x7f000001,
    localPort: 2900,
    clientIp: requestId,
    flags: Flag.PLAIN_BODY | Flag.REQUEST,
  };
}

function message(body: string | Uint8Array): Frame {
  return { ...emptyFrame(), command: Command.SEND_TO_ALL, flags: Flag.PLAIN_BODY, body };
}

describe('QueryConnection', () => {
  let gateway: PhpGateway;
  let clock: ManualClock;
  let link: QueryConnection;
  /** The gateway's end. */
  let far: PhpConnection;
  let replies: Array<readonly [id: number, value: string]>;
  let onReplies: () => void;
  let drained: Promise<void>;
  let closed: Promise<GatewayError | undefined>;

  async function open(overrides: Partial<QueryConnectionOptions> = {}): Promise<void> {
    replies = [];
    onReplies = () => {};
    const accepted = gateway.connection();
    let onDrained!: () => void;
    drained = new Promise((resolve) => (onDrained = resolve));
    closed = new Promise((resolve) => {
      link = new QueryConnection(connect(gateway.port, '127.0.0.1'), {
        name: 'the gateway',
        secretKey: '',
        bufferSize: 1,
        maxReplyLength: MAX_REPLY_LENGTH,
        clock,
        pingInterval: PING_INTERVAL,
        onReply: (id, value) => {
          replies.push([id, value.toString()]);
          onReplies();
        },
        onDrained,
        onClosed: resolve,
        ...overrides,
      });
    });
    far = await accepted;
  }

  /** The frames that come once the gateway has answered the link's own question, which comes first. */
  async function received(count: number): Promise<readonly ReceivedFrame[]> {
    const [probe, ...frames] = await far.received(count + 1);
    assert.equal(probe.command, Command.IS_ONLINE);
    return frames;
  }

  async function untilReplies(count: number): Promise<void> {
    if (replies.length >= count) return;
    await new Promise<void>((resolve) => {
      onReplies = () => {
        if (replies.length >= count) resolve();
      };
    });
  }

  beforeEach(async () => {
    clock = new ManualClock();
    gateway = await PhpGateway.listen();
  });
  afterEach(async () => {
    link.destroy();
    await gateway.close();
  });

  it('shows the secret key first, once, and asks something at once; then sends what came before the connection was there', async () => {
    await open({ secretKey: 's3cret' });
    link.send(message('one'));
    link.send(message('two'));
    const frames = await far.received(4);
    assert.deepEqual(
      frames.map(({ command }) => command),
      [Command.GATEWAY_CLIENT_CONNECT, Command.IS_ONLINE, Command.SEND_TO_ALL, Command.SEND_TO_ALL],
    );
    assert.deepEqual(
      frames.map((frame) => frame.bodyText()),
      ['{"secret_key":"s3cret"}', '', 'one', 'two'],
    );
  });

  it('keeps request ids and addresses to itself, and asks for no REPLY frame', async () => {
    await open();
    link.send(query(77));
    const [frame] = await received(1);
    assert.equal(frame.copy().toString('hex'), `0000001c18${'00'.repeat(16)}01${'00'.repeat(6)}`);
  });

  it('gives each answer to the oldest query, in chunks of any size, with commands in between', async () => {
    await open();
    for (const id of [5, 3, 9]) {
      link.send(query(id));
      link.send(message('in between'));
    }
    await received(6);
    const bytes = Buffer.concat([0, 'a', 'b', 'c'].map(replyBytes));
    far.socket.setNoDelay(true);
    for (let at = 0; at < bytes.length; at += 3) {
      await new Promise((resolve) => far.socket.write(bytes.subarray(at, at + 3), resolve));
    }
    await untilReplies(3);
    assert.deepEqual(replies, [
      [5, 's:1:"a";'],
      [3, 's:1:"b";'],
      [9, 's:1:"c";'],
    ]);
  });

  it('ends with GW_FRAME when an answer comes that nothing asked for', async () => {
    await open();
    link.send(query(1));
    far.socket.write(Buffer.concat([replyBytes(0), replyBytes(1), replyBytes(2)]));
    const error = await closed;
    assert.equal(error?.code, 'GW_FRAME');
    assert.match(error.message, /4 bytes came that nothing had asked for/);
    assert.deepEqual(replies, [[1, 'i:1;']]);
    assert.throws(() => link.send(query(2)), { code: 'GW_LINK_CLOSED' });
  });

  it('ends with GW_FRAME when an answer is announced that is longer than the limit', async () => {
    await open();
    link.send(query(1));
    far.socket.write(Buffer.from([0, 0, 4, 1]));
    const error = await closed;
    assert.equal(error?.code, 'GW_FRAME');
    assert.match(error.message, /announces 1025 bytes; expected at most 1024/);
  });

  it('ends with what the receiver of a reply throws', async () => {
    const unreadable = new Error('unreadable');
    await open({
      onReply: () => {
        throw unreadable;
      },
    });
    link.send(query(1));
    far.reply(0);
    far.reply(1);
    const error = await closed;
    assert.equal(error?.code, 'GW_LINK_CLOSED');
    assert.equal(error.cause, unreadable);
  });

  it('says when more waits than the buffer, and when that has gone out', async () => {
    await open();
    far.socket.pause();
    const big = message(Buffer.alloc(1024 * 1024));
    let sent = 1;
    while (link.send(big) && sent < 64) sent++;
    assert.ok(link.congested && link.bufferedBytes > 0);
    far.socket.resume();
    await drained;
    assert.ok(!link.congested);
    assert.equal((await received(sent)).length, sent);
    assert.equal(link.send(message('room')), true);
  });

  it('closes once everything has left and every answer has come', async () => {
    await open();
    far.socket.pause();
    const big = message(Buffer.alloc(1024 * 1024));
    for (let sent = 0; sent < 16; sent++) link.send(big);
    link.send(query(1));
    const done = link.close(1000);
    assert.equal(link.close(1000), done);
    assert.throws(() => link.send(query(2)), { code: 'GW_LINK_CLOSED' });
    far.socket.resume();
    await received(17);
    assert.equal(link.state, 'closing');
    far.reply(0);
    far.reply(7);
    await done;
    assert.deepEqual(replies, [[1, 'i:7;']]);
    assert.equal(await closed, undefined);
    assert.equal(clock.timers, 0);
  });

  it('leaves a gateway that does not answer while closing, and says what is lost', async () => {
    await open();
    link.send(query(1));
    const done = link.close(1000);
    clock.advance(1000);
    await done;
    assert.match(
      (await closed)?.message ?? '',
      /left after 1000 ms with \d+ bytes not taken and 2 queries not/,
    );
    assert.equal(clock.timers, 0);
  });

  it('names the secret key when the gateway hangs up instead of answering', async () => {
    await open({ secretKey: 'wrong' });
    link.send(query(1));
    await far.received(3);
    far.socket.end();
    assert.match((await closed)?.message ?? '', /closed the connection before it had answered.*secret key/);
  });

  it('ends with a coded error when there is no gateway', async () => {
    await open();
    link.destroy();
    await gateway.close();
    const error = await new Promise<GatewayError | undefined>((resolve) => {
      link = new QueryConnection(connect(gateway.port, '127.0.0.1'), {
        name: 'the gateway',
        secretKey: '',
        bufferSize: 1,
        maxReplyLength: 1,
        clock,
        pingInterval: PING_INTERVAL,
        onReply() {},
        onDrained() {},
        onClosed: resolve,
      });
    });
    assert.equal(error?.code, 'GW_LINK_CLOSED');
    assert.match(error.message, /^the gateway: connect ECONNREFUSED/);
    gateway = await PhpGateway.listen();
  });

  it('asks an idle gateway something, and gives it up when nothing comes back', async () => {
    await open();
    far.reply(0);
    link.send(query(1));
    far.reply(1);
    await untilReplies(1);
    assert.deepEqual(replies, [[1, 'i:1;']], 'the answer to the link itself is for nobody');
    clock.advance(PING_INTERVAL);
    const frames = await far.received(3);
    assert.equal(frames[2].command, Command.IS_ONLINE);
    clock.advance(PING_INTERVAL * 2);
    assert.equal(link.state, 'open');
    clock.advance(PING_INTERVAL * 2);
    assert.match((await closed)?.message ?? '', /the gateway has been silent for 75 s/);
    assert.equal(clock.timers, 0);
  });
});
