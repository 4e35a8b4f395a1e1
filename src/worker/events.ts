import { defaultExport } from '../base/default-export.js';
import { GatewayError } from '../base/errors.js';
import type { ClientEnd } from '../wire/client-end.js';
import type { Session } from '../wire/session.js';
import type { Handshake, HandshakeRequest } from '../wire/handshake.js';
import type { Client } from './client.js';
import type { ClientMessages } from './message.js';
import type { RequestOrigin, RequestResult, WebRequest } from './web-types.js';
import type { Welcome } from './welcome.js';

/** The worker thread, as `onWorkerStart` and `onWorkerStop` see it. */
export interface WorkerInfo {
  /** The slot's number from 0 on: the same after a reload, so that a timer can run in one worker only. */
  readonly id: number;
  /** How many workers this node has. */
  readonly count: number;
  /** `node-a:0`. */
  readonly name: string;
  /** The node's name. */
  readonly node: string;
}

/** The worker that has sent a message, as `onWorkerMessage` sees it, which can answer it by `Gateway.sendToWorker(from, …)`. */
export type WorkerSender = Omit<WorkerInfo, 'count'>;

/**
 * The developer's code: what happens when something happens. One of `onMessage` and `messages` is required. Any handler may be
 * async.
 */
export interface Events<S extends object = Session, M extends ClientMessages<S> = ClientMessages<S>> {
  /** What clients may send by name, each as {@link message} makes it. What else they send is for `onMessage`. */
  messages?: M;
  /** Once per thread, awaited before its first event. */
  onWorkerStart?(worker: WorkerInfo): unknown;
  /**
   * In a reload, in the thread with the old code: returns what the new code is to have of its module variables, such as the
   * rooms of a game. Anything that `structuredClone` takes; undefined when there is nothing. No event begins from before it
   * on, but timers run: end those that change the state. Only if both codes have their half of the two.
   */
  onHandOver?(worker: WorkerInfo): unknown;
  /**
   * In a reload, in the thread with the new code: gets what the old one has returned, before its first event. If the reload
   * fails after that, the old code's is called with what it had returned itself, and goes on.
   */
  onTakeOver?(worker: WorkerInfo, state: unknown): unknown;
  /**
   * A websocket asks to come in; it has not been answered yet. Returns nothing to let it in, or what it is to have from its
   * first event on. To refuse it, throw a {@link Refused}. Whatever else is thrown is answered 500, and what takes 10
   * seconds 503.
   */
  onHandshake?(request: HandshakeRequest): Welcome<S> | void | Promise<Welcome<S> | void>;
  /**
   * A plain HTTP request to a websocket port, which is neither for `/healthz` nor for a file of `static`. The web's own types,
   * so that the `fetch` of any router fits. Nothing is 404; what is thrown is answered 500, but for a {@link Refused}; what
   * takes 30 seconds 503. Bodies are whole, of at most `maxPackageSize` bytes.
   *
   * @param origin who has sent it
   */
  onRequest?(request: WebRequest, origin: RequestOrigin): RequestResult | Promise<RequestResult>;
  /** A client came in: for a websocket, after its handshake. */
  onConnect?(client: Client<S>): unknown;
  /** Follows onConnect, for websockets. */
  onWebSocketConnect?(client: Client<S>, handshake: Handshake): unknown;
  /**
   * `message` is a string for text, and a Buffer for binary websocket messages and bytes that are no UTF-8. Where there are
   * `messages`, it is one without a name, or with one that is not among them.
   */
  onMessage?(client: Client<S>, message: string | Buffer): unknown;
  /** The connection is gone. `client.session` is the final one; `end` says who ended it, with what code, and which groups it was in. */
  onClose?(client: Client<S>, end: ClientEnd): unknown;
  /**
   * Another worker, or this one, has called `Gateway.sendToWorker`. What comes is begun in its order, also while an earlier
   * one is pending.
   *
   * @param data as it was sent: bytes as a Buffer, anything else as JSON brings it over
   * @param from null when a GatewayClient has sent it
   */
  onWorkerMessage?(data: unknown, from: WorkerSender | null): unknown;
  /** Once per thread, before it ends, after its last event. */
  onWorkerStop?(worker: WorkerInfo): unknown;
}

const NAMES = [
  'onWorkerStart',
  'onHandOver',
  'onTakeOver',
  'onHandshake',
  'onRequest',
  'onConnect',
  'onWebSocketConnect',
  'onMessage',
  'onClose',
  'onWorkerMessage',
  'onWorkerStop',
] as const;

/**
 * Gives your handlers their types. `S` is what you keep in `client.session`: plain values, arrays and objects.
 *
 *     export default defineEvents<MySession>({ … });
 *     export default defineEvents<MySession>()({ messages: { … } }); // and a browser's code knows them by `typeof`
 */
export function defineEvents<S extends object = Session>(): <M extends ClientMessages<S>>(
  events: Events<S, M>,
) => Events<S, M>;
export function defineEvents<S extends object = Session, M extends ClientMessages<S> = ClientMessages<S>>(
  events: Events<S, M>,
): Events<S, M>;
export function defineEvents(events?: Events): unknown {
  return events ?? ((later: Events) => later);
}

/**
 * The handlers of a loaded events module: its default export, or its named exports.
 *
 * @param file the module's name for messages
 * @throws GW_EVENTS_INVALID
 */
export function checkEvents(module: Readonly<Record<string, unknown>>, file: string): Events {
  const events = (defaultExport(module) ?? module) as Partial<Record<string, unknown>> | null;
  if (typeof events !== 'object' || events === null) {
    throw invalid(file, `its default export is ${events === null ? 'null' : `a ${typeof events}`}`);
  }
  if (events.onMessage === undefined && events.messages === undefined) {
    throw invalid(file, 'it has neither onMessage nor messages');
  }
  if (events.messages !== undefined && (typeof events.messages !== 'object' || events.messages === null)) {
    throw invalid(
      file,
      'its messages are no object; expected messages: { say: message({ … }, (client, data) => { … }) }',
    );
  }
  for (const [name, handler] of Object.entries(events)) {
    if (!name.startsWith('on') || handler === undefined) continue;
    if (!(NAMES as readonly string[]).includes(name)) {
      throw invalid(file, `it has ${name}, which is no event; the events are ${NAMES.join(', ')}`);
    }
    if (typeof handler !== 'function') throw invalid(file, `its ${name} is no function`);
  }
  return events;
}

function invalid(file: string, found: string): GatewayError {
  return new GatewayError(
    'GW_EVENTS_INVALID',
    `${file} is no events module: ${found}. Expected: export default defineEvents({ onMessage(client, message) { … } }).`,
  );
}
