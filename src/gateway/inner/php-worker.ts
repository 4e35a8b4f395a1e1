import { LinkHeartbeat } from '../../link/link-heartbeat.js';
import type { TcpLink } from '../../link/tcp-link.js';
import { ipToNumber } from '../../wire/client-id.js';
import { Command } from '../../wire/command.js';
import type { ReceivedFrame } from '../../wire/frame.js';
import type { InnerHost } from './inner-host.js';
import { InnerWorker, type InnerWorkerOptions, type InnerWorkers } from './inner-worker.js';
import { PhpPeer, checkPhpFrame } from './php-peer.js';

const LOOPBACK = ipToNumber('127.0.0.1');

/** A PHP BusinessWorker. It knows nothing of ours, and answers no ping. */
export class PhpWorker extends InnerWorker {
  constructor(link: TcpLink, host: InnerHost, options: InnerWorkerOptions, workers: InnerWorkers) {
    super(link, host, new PhpPeer(link, options.name, host.phpSessions), options, workers);
    const { clock, inner } = host;
    if (inner.address.ip !== LOOPBACK) {
      this.heartbeat = new LinkHeartbeat(link, { clock, interval: inner.pingInterval, answered: false });
    }
    this.join();
  }

  frame(frame: ReceivedFrame): void {
    if (frame.command === Command.PING) return;
    try {
      checkPhpFrame(frame);
      this.host.desk.carryOut(this.asker, frame);
    } catch (error) {
      this.skipped(error as Error);
    }
  }
}
