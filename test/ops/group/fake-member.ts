import { EventEmitter, once } from 'node:events';
import { failure } from '#src/ops/requests/answer.js';
import type { MemberProcess } from '#src/ops/group/member-conversation.js';
import type { MemberOrder, MemberRequest, StartOrder } from '#src/ops/group/member-protocol.js';
import type { NodeReport } from '#src/ops/process/node-report.js';
import { FakeNode } from './fake-node.js';

let lastPid = 100;

/** A member's process that does what it is told: by hand, or by itself from its start to its end. */
export class FakeMember extends EventEmitter implements MemberProcess {
  readonly pid = ++lastPid;
  readonly node = new FakeNode();
  readonly orders: MemberOrder[] = [];
  readonly signals: NodeJS.Signals[] = [];
  /** Whether requests are answered. */
  answering = true;
  /** Whether its main thread comes round: it answers pings. */
  alive = true;

  /** What it was told to be. */
  get config(): StartOrder['config'] {
    const order = this.orders.find((one) => 'order' in one && one.order === 'start');
    return (order as StartOrder).config;
  }

  send(order: MemberOrder): boolean {
    this.orders.push(order);
    this.emit('order', order);
    if ('id' in order && this.alive && (this.answering || order.request.command === 'ping'))
      void this.#answer(order.id, order.request);
    return true;
  }

  kill(signal: NodeJS.Signals): boolean {
    this.signals.push(signal);
    if (signal === 'SIGKILL') this.dies(null, signal);
    return true;
  }

  says(report: NodeReport | { event: 'ready' }): void {
    this.emit('message', report);
  }

  /** Listens, is told what to be, and is up. */
  comesUp(): void {
    this.says({ event: 'ready' });
    this.says({ event: 'up', pid: this.pid, listeners: ['text://127.0.0.1:8283'] });
  }

  dies(code: number | null, signal: NodeJS.Signals | null = null): void {
    this.emit('close', code, signal);
  }

  /** The next request that it is given. */
  async asked(command: MemberRequest['request']['command']): Promise<void> {
    while (!this.orders.some((order) => 'id' in order && order.request.command === command)) {
      await once(this, 'order');
    }
  }

  async #answer(id: number, request: MemberRequest['request']): Promise<void> {
    try {
      this.emit('message', { id, answer: { ok: true, result: await this.#carryOut(request) } });
    } catch (error) {
      this.emit('message', { id, answer: failure(error) });
    }
    if (request.command === 'stop') this.dies(0);
  }

  async #carryOut(request: MemberRequest['request']): Promise<unknown> {
    switch (request.command) {
      case 'status':
        return { ...this.node.status(), name: this.config.name, pid: this.pid };
      case 'connections':
        return this.node.connections(request.offset, request.limit);
      case 'metrics':
        return this.node.metrics();
      case 'ping':
        return null;
      case 'reload':
        return await this.node.reload(request.graceful);
      case 'stop':
        return await this.node.stop(request.graceful);
      default:
        throw new Error(`no member is asked for ${request.command}`);
    }
  }
}
