import { once } from 'node:events';
import { systemClock } from '#src/base/clock.js';
import { LinkHeartbeat } from '#src/link/link-heartbeat.js';
import { TcpLink } from '#src/link/tcp-link.js';
import { connectInner } from '#src/net/inner-socket.js';
import { Command, Flag, WorkerState } from '#src/wire/command.js';
import { type ReceivedFrame, emptyFrame } from '#src/wire/frame.js';
import { NODE_FEATURE, encodeIntroduction } from '#src/wire/worker-connect.js';

/** As sendToGatewayBufferSize by default. */
const BUFFER_SIZE = 10_240_000;

const heartbeats: LinkHeartbeat[] = [];

/**
 * A link as a worker's: dialled, introduced, told that it is ready, and kept alive. Resolves when the gateway has answered.
 *
 * @param features beside the first of ours @param onFrame given what comes
 */
export async function dialAsWorker(
  port: number,
  workerKey: string,
  features: readonly string[] = [],
  onFrame: (frame: ReceivedFrame, link: TcpLink) => void = () => {},
): Promise<TcpLink> {
  const socket = connectInner({ host: '127.0.0.1', port }, undefined, () => {});
  await once(socket, 'connect');
  const link = new TcpLink(socket, {
    name: 'the gateway',
    bufferSize: BUFFER_SIZE,
    maxFrameLength: BUFFER_SIZE,
  });
  const answered = new Promise<void>((resolve, reject) => {
    link.subscribe({
      frame: (frame) => {
        resolve();
        onFrame(frame, link);
      },
      drained() {},
      closed: (error) => reject(error ?? new Error('the gateway hung up')),
    });
  });
  const body = encodeIntroduction({
    workerKey,
    secretKey: '',
    features: [NODE_FEATURE, ...features],
    instance: 'near',
  });
  link.send({ ...emptyFrame(), command: Command.GATEWAY_CLIENT_CONNECT, flags: Flag.PLAIN_BODY, body });
  link.send({ ...emptyFrame(), command: Command.WORKER_STATE, clientIp: WorkerState.READY });
  heartbeats.push(new LinkHeartbeat(link, { clock: systemClock, interval: 25_000, answered: true }));
  await answered;
  return link;
}
