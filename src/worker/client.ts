import type { Message, Name } from '../api/arguments.js';
import type { GatewayCalls } from '../api/gateway-calls.js';
import type { CloseOptions } from '../api/close-options.js';
import type { BindOptions, RouteOptions } from '../api/identity-calls.js';
import type { EmitArguments, EventName } from '../api/emits.js';
import type { SendOptions } from '../api/send-calls.js';
import { formatClientId, numberToIp } from '../wire/client-id.js';
import type { ReceivedFrame } from '../wire/frame.js';
import type { Session } from '../wire/session.js';
import { ClientEvents } from './client-events.js';
import type { ClientRequests, RequestOptions } from './client-requests.js';
import type { GatewayDialect } from './gateway-dialect.js';
import type { SessionView } from './session-view.js';

/** What console.log asks for: node's `inspect.custom`, in a type that knows nothing of node. */
const SHOWN: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/**
 * A client, as its handlers see it. The same object for every event of a client that one thread handles; `uid` and
 * `session` are those of the event that is being handled.
 */
export class Client<S extends object = Session> {
  readonly remotePort: number;
  /** The port that the client came in by. */
  readonly gatewayPort: number;
  /** @internal Its gateway's. */
  readonly dialect: GatewayDialect;
  /** @internal */
  view: SessionView;
  /** @internal What its worker knows about its events. */
  readonly events: ClientEvents;
  readonly #gateway: GatewayCalls;
  readonly #requests: ClientRequests;
  readonly #ip: number;
  #id: string | undefined;

  /** @internal */
  constructor(
    gateway: GatewayCalls,
    requests: ClientRequests,
    event: ReceivedFrame,
    dialect: GatewayDialect,
  ) {
    this.#gateway = gateway;
    this.#requests = requests;
    this.dialect = dialect;
    this.view = dialect.newView();
    this.#ip = event.clientIp;
    this.remotePort = event.clientPort;
    this.gatewayPort = event.gatewayPort;
    this.events = new ClientEvents(event);
  }

  /** 20 hexadecimal digits, by which any worker of the cluster reaches this client. */
  get id(): string {
    const { localIp, localPort, connectionId } = this.events;
    this.#id ??= formatClientId(localIp, localPort, connectionId);
    return this.#id;
  }

  /** @internal Its gateway was gone meanwhile: what this worker had changed may be lost, or was changed again by another. */
  forgetView(): void {
    this.view = this.dialect.newView();
  }

  get remoteAddress(): string {
    return this.view.address === '' ? numberToIp(this.#ip) : this.view.address;
  }

  /** The uid it is bound to; null when to none. */
  get uid(): string | null {
    return this.view.uid === '' ? null : this.view.uid;
  }

  /**
   * What the gateway keeps for this client. Change it in a handler: what differs when the handler is done (its promise
   * included), or when it makes a query, is stored key by key. To change it from elsewhere, use `Gateway.updateSession`.
   * It holds plain values, arrays and plain objects; what would come back as something else fails the event, by its key.
   */
  get session(): S {
    return this.view.session as S;
  }

  set session(session: S) {
    this.view.session = session as Session;
  }

  /** Sends to this client. @returns as `Gateway.sendToClient` */
  send(message: Message, options?: SendOptions): boolean {
    return this.#gateway.sendToClient(this.id, message, options);
  }

  /** Sends this client a message with a name. @returns as `Gateway.sendToClient` */
  emit<E extends EventName>(event: E, ...[data]: EmitArguments<E, Record<string, never>>): boolean {
    return this.#gateway.emitToClient<string>(this.id, event, data);
  }

  /**
   * Asks this client, and resolves with what it answers, which is not checked. The answer does not wait for the handler that
   * awaits it, nor is it lost when the worker is reloaded meanwhile. Events of the client that come before the answer wait.
   *
   * @throws ClientRefusal (GW_REFUSED) when it answers with an error, GW_TIMEOUT, GW_CLIENT_GONE, and what `client.send` throws
   */
  async request<E extends EventName>(
    event: E,
    ...[data, options]: EmitArguments<E, RequestOptions>
  ): Promise<unknown> {
    return await this.#requests.ask(this as unknown as Client, event, data, options);
  }

  /** Closes the connection; `message` goes out first. A websocket is closed with `code` and `reason`. */
  close(message?: Message, options?: CloseOptions): boolean {
    return this.#gateway.closeClient(this.id, message, options);
  }

  /** Drops the connection at once. */
  destroy(): boolean {
    return this.#gateway.destroyClient(this.id);
  }

  /** Binds this client to a uid, instead of the one it had. `exclusive` closes the others that have it. */
  bindUid(uid: Name, options?: BindOptions): boolean {
    return this.#gateway.bindUid(this.id, uid, options);
  }

  /** Takes this client's uid away, if it has one. */
  unbindUid(): boolean {
    return this.uid === null || this.#gateway.unbindUid(this.id, this.uid);
  }

  /** Sends this client's events, from its next one on, to the worker that owns this key, as `Gateway.routeClient`. */
  route(key: Name, options?: RouteOptions): boolean {
    return this.#gateway.routeClient(this.id, key, options);
  }

  /** What `console.log(client)` shows: what handlers may use. */
  [SHOWN](): object {
    const { id, remoteAddress, remotePort, gatewayPort, uid, session } = this;
    return { id, remoteAddress, remotePort, gatewayPort, uid, session };
  }

  /** Puts this client into a group. */
  join(group: Name): boolean {
    return this.#gateway.joinGroup(this.id, group);
  }

  /** Takes this client out of a group. */
  leave(group: Name): boolean {
    return this.#gateway.leaveGroup(this.id, group);
  }
}
