import { randomBytes } from 'node:crypto';
import type { ClientNote, ClientWatcher } from '../gateway/client-watcher.js';
import type { ClientRecord } from '../gateway/client-record.js';
import type { Gateway } from '../gateway/gateway.js';
import type { OutgoingMessage } from '../gateway/outgoing-message.js';
import type { OtherGateway, TraceEnd, TracePart, TraceQuery } from '../ops/requests/trace.js';
import { formatAddress, isAt, parseClientId } from '../wire/client-id.js';
import { ClientTrace } from './client-trace.js';
import { filterOfClient, filterOfGroup, filterOfUid, type TraceFilter } from './trace-filter.js';

/** Traces that may run at once. */
const MOST = 8;

/** The traces of a gateway's clients. While there is none, the gateway knows nothing of them. */
export class ClientTraces implements ClientWatcher {
  readonly #gateway: Gateway;
  readonly #others: () => readonly OtherGateway[];
  readonly #traces = new Map<string, ClientTrace>();

  /** @param others the gateways of other nodes */
  constructor(gateway: Gateway, others: () => readonly OtherGateway[]) {
    this.#gateway = gateway;
    this.#others = others;
  }

  answer(query: TraceQuery): TracePart {
    if (query.after === '') return this.#begin(query);
    const [id, number] = query.after.split('.');
    const trace = this.#traces.get(id);
    if (trace !== undefined) return trace.read(Number(number), query.stop);
    return over(
      'unread',
      'There is no such trace any more: it ends when nobody asks for it for 30 seconds, and with its node. Begin another.',
    );
  }

  came(client: ClientRecord, url: string | undefined): void {
    for (const trace of this.#traces.values()) trace.came(client, url);
  }

  received(client: ClientRecord, data: Buffer, flags: number): void {
    for (const trace of this.#traces.values()) trace.received(client, data, flags);
  }

  sent(client: ClientRecord, message: OutgoingMessage): void {
    for (const trace of this.#traces.values()) trace.sent(client, message);
  }

  noted(client: ClientRecord, note: ClientNote, text: string | Buffer): void {
    for (const trace of this.#traces.values()) trace.noted(client, note, text);
  }

  left(client: ClientRecord, end: Buffer): void {
    for (const trace of this.#traces.values()) trace.left(client, end);
  }

  #begin({ clientId, uid, group, payload, stop }: TraceQuery): TracePart {
    const { directory, clock } = this.#gateway;
    if (clientId !== '') {
      const absence = this.#absenceOf(clientId);
      if (absence !== undefined) return absence;
    }
    if (this.#traces.size >= MOST) {
      return over(
        'full',
        `${MOST} traces run already, which are as many as may. Try again when one of them has ended.`,
      );
    }
    const filter: TraceFilter =
      clientId !== ''
        ? filterOfClient(directory.get(parseClientId(clientId).connectionId) as ClientRecord)
        : uid !== ''
          ? filterOfUid(directory, uid)
          : filterOfGroup(directory, group);
    const trace = new ClientTrace({
      id: randomBytes(4).toString('hex'),
      filter,
      payload,
      clock,
      clientIdOf: (client) => this.#gateway.clientIdOf(client),
      onEnd: ({ id }) => this.#end(id),
    });
    this.#traces.set(trace.id, trace);
    this.#gateway.watch(this);
    const part = trace.read(0, stop);
    // one client is here
    return clientId === '' ? { ...part, others: this.#others() } : part;
  }

  #end(id: string): void {
    this.#traces.delete(id);
    if (this.#traces.size === 0) this.#gateway.watch(undefined);
  }

  /** Why a client has no trace here; undefined where it has one. */
  #absenceOf(clientId: string): TracePart | undefined {
    const address = parseClientId(clientId);
    const { directory, inner } = this.#gateway;
    if (isAt(inner.address, address)) {
      if (directory.get(address.connectionId) !== undefined) return undefined;
      return over('nobody', `The client ${clientId} is not here: it has gone, or never was.`);
    }
    const at = formatAddress({ ip: address.localIp, port: address.localPort });
    return over(
      'elsewhere',
      elsewhere(
        clientId,
        at,
        this.#others().find((other) => other.address === at),
      ),
    );
  }
}

function elsewhere(clientId: string, address: string, gateway: OtherGateway | undefined): string {
  const where = `The client ${clientId} is not at a gateway of this node, but at ${address}`;
  if (gateway?.legacy === true) return `${where}, which is PHP's: that has no trace.`;
  const name = gateway === undefined || gateway.node === '' ? 'that node' : `the node ${gateway.node}`;
  return `${where}. Ask ${name}: gatewayworker trace ${clientId} where it runs.`;
}

function over(by: TraceEnd['by'], message: string): TracePart {
  return { entries: [], dropped: 0, clients: 0, next: null, ended: { by, message } };
}

/** Of a node that has no gateway, and so no clients. */
export const NO_GATEWAY: TracePart = over(
  'elsewhere',
  'This node has no gateway, and so no clients: ask a node that has.',
);
