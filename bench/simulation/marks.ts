import { Kind } from '#src/backbone/message-header.js';
import { Outgoing } from '#src/backbone/outgoing.js';
import { Stream } from '#src/backbone/stream.js';
import { systemClock } from '#src/base/clock.js';
import { LinkGauge } from '#src/ring/link-gauge.js';
import { Command, Flag } from '#src/wire/command.js';
import { emptyFrame } from '#src/wire/frame.js';
import { Random } from './random.js';

const SECONDS = 10;
/** Where a message says what kind it is. */
const KIND_AT = 1;

/** How many marks a node publishes for each message to a uid, at such a rate, if its uids are random ones. */
export async function marksAMessage(buckets: number, perSecond: number, seed: number): Promise<number> {
  const random = new Random();
  random.begin(seed, buckets);
  let now = 0;
  let marks = 0;
  let messages = 0;
  const outgoing = new Outgoing({
    instance: 1,
    cell: 'cell',
    carrier: {
      maxPayload: 2 ** 20,
      publish(_subject, payload) {
        if (payload[KIND_AT] === Kind.MARK) marks++;
        else messages++;
        return true;
      },
      confirmed: async () => true,
    },
    clock: { ...systemClock, now: () => now },
    bufferSize: Infinity,
    gauge: new LinkGauge(),
    onDrained() {},
    onForgotten() {},
    onRefused(subject, error) {
      throw new Error(subject, { cause: error });
    },
  });
  outgoing.connected();
  outgoing.go();
  const frame = {
    ...emptyFrame(),
    command: Command.SEND_TO_UID,
    flags: Flag.PLAIN_BODY,
    ext: '["user-1"]',
    body: Buffer.alloc(64, 'x'),
  };
  const streams = new Map<number, Stream>();
  for (let second = 0; second < SECONDS; second++) {
    for (let sent = 0; sent < perSecond; sent++) {
      const bucket = random.below(buckets);
      let stream = streams.get(bucket);
      if (stream === undefined) streams.set(bucket, (stream = new Stream('bucket', bucket)));
      outgoing.send(stream, frame);
      now += 1000 / perSecond;
    }
    await sweep(outgoing);
  }
  // of what was sent last
  for (let quiet = 0; quiet < 2; quiet++) await sweep(outgoing);
  return marks / messages;
}

async function sweep(outgoing: Outgoing): Promise<void> {
  outgoing.sweep();
  // what it publishes goes out at the end of a turn
  await new Promise<void>((resolve) => setImmediate(resolve));
}
