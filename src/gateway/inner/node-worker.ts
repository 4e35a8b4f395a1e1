import { LinkHeartbeat } from '../../link/link-heartbeat.js';
import type { TcpLink } from '../../link/tcp-link.js';
import { Command, Flag, WorkerState } from '../../wire/command.js';
import { type ReceivedFrame, emptyFrame } from '../../wire/frame.js';
import { GatewayError } from '../../base/errors.js';
import { InterestWord } from '../../wire/interest.js';
import {
  ENDED_FEATURE,
  INTEREST_FEATURE,
  NODE_FEATURE,
  ROUTE_FEATURE,
  encodeGatewayIntroduction,
} from '../../wire/worker-connect.js';
import { WorkerPeer } from '../worker-peer.js';
import type { InterestLink } from '../interest.js';
import type { InnerHost } from './inner-host.js';
import { InnerWorker, type InnerWorkerOptions, type InnerWorkers } from './inner-worker.js';

const STATES =
  WorkerState.READY |
  WorkerState.CONGESTED |
  WorkerState.LEAVING |
  WorkerState.HANDSHAKES |
  WorkerState.REQUESTS;

/** A worker slot of another one of our nodes. It says when it is ready, when it is behind, and when it leaves. */
export class NodeWorker extends InnerWorker {
  /** Undefined for one that knows nothing of interests. */
  readonly #interest: InterestLink | undefined;

  constructor(link: TcpLink, host: InnerHost, options: InnerWorkerOptions, workers: InnerWorkers) {
    const { name, features } = options;
    const hearsEnds = features.includes(ENDED_FEATURE);
    const routes = features.includes(ROUTE_FEATURE);
    const peer = new WorkerPeer(link, {
      name,
      address: link.name,
      local: false,
      hearsEnds,
      routes,
      state: 0,
    });
    super(link, host, peer, options, workers);
    link.takeFramesOf(host.inner.maxNodeFrameLength);
    const body = encodeGatewayIntroduction({
      features: [NODE_FEATURE, ROUTE_FEATURE, INTEREST_FEATURE],
      node: host.inner.node,
    });
    link.send({ ...emptyFrame(), command: Command.WORKER_CONNECT, flags: Flag.PLAIN_BODY, body });
    if (features.includes(INTEREST_FEATURE)) this.#interest = interestOver(link, host);
    const { clock, inner } = host;
    this.heartbeat = new LinkHeartbeat(link, { clock, interval: inner.pingInterval, answered: true });
    this.join();
  }

  frame(frame: ReceivedFrame): void {
    if (frame.command === Command.PING) return;
    try {
      if (frame.command === Command.WORKER_STATE) this.#stateChanged(frame.clientIp & STATES);
      else if (frame.command === Command.INTEREST) this.#interestAsked(frame);
      else this.host.desk.carryOut(this.asker, frame);
    } catch (error) {
      this.skipped(error as Error);
    }
  }

  override closed(error?: Error): void {
    if (this.#interest !== undefined) this.host.interest.forget(this.#interest);
    super.closed(error);
  }

  #interestAsked({ clientPort: word }: ReceivedFrame): void {
    const { interest } = this.host;
    if (this.#interest !== undefined && word === InterestWord.FOLLOW) interest.follow(this.#interest);
    else if (this.#interest !== undefined && word === InterestWord.BARRIER)
      interest.passBarrier(this.#interest);
    else throw new GatewayError('GW_FRAME', `${this.name} sent INTEREST ${word}, which no worker sends.`);
  }

  #stateChanged(state: number): void {
    const leaves = (state & ~this.peer.state & WorkerState.LEAVING) !== 0;
    this.peer.state = state;
    this.peer.messageBytes = 0;
    // from here on its clients' events queue in the gateway: this is the last that it gets of them
    if (leaves && this.link.state === 'open') {
      this.link.send({ ...emptyFrame(), command: Command.WORKER_STATE, clientIp: WorkerState.LEAVING });
    }
    this.host.dispatcher.drained(this.peer);
  }
}

/** From now on, the link tells which version of the interest is older than what comes over it. */
function interestOver(link: TcpLink, { interest }: InnerHost): InterestLink {
  const follower: InterestLink = {
    told: undefined,
    send: (bytes) => {
      if (link.state === 'open') link.sendBytes(bytes);
    },
    sendNow: (bytes) => {
      follower.send(bytes);
      link.flush();
    },
  };
  link.before = () => interest.before(follower);
  interest.before(follower);
  return follower;
}
