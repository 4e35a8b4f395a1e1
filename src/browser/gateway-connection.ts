import type { StateListener } from './connection.js';
import type { State } from './options.js';
import type {
  AnswerTo,
  DataIn,
  EmitArguments,
  EventName,
  MessageName,
  RequestArguments,
} from './vocabulary.js';

/**
 * A connection to a gateway, which is made again whenever it is lost.
 *
 * @template Events what the server has: `typeof events` of its events module. Without it, anything may be said.
 */
export interface GatewayConnection<Events = unknown> {
  readonly state: State;
  /** The client id: another one with each connection; '' before the first. */
  readonly id: string;
  /**
   * Sends a message. Without a connection it waits for the next one.
   *
   * @throws GatewayError GW_OVERFLOW when too many wait, GW_LINK_CLOSED once it is closed; GW_ARGUMENT for data that JSON
   *   cannot hold (a cycle, a bigint) but for bytes anywhere in it, and for a Blob: send `await blob.arrayBuffer()`
   */
  emit<Name extends MessageName<Events>>(event: Name, ...data: EmitArguments<Events, Name>): void;
  /**
   * Sends a message, and resolves with its answer. Rejects with a GatewayError: what the server refuses it with; GW_TIMEOUT;
   * GW_LINK_CLOSED when the connection is lost before the answer, and nobody knows how far it had come: it is not sent again;
   * and as {@link emit} throws.
   */
  request<Name extends MessageName<Events>>(
    event: Name,
    ...data: RequestArguments<Events, Name>
  ): Promise<AnswerTo<Events, Name>>;
  /**
   * Calls a listener with the data of each message of this name. What it returns, or its promise resolves with, is the answer
   * where the server has asked for one; of several listeners, that of the first which returns something. To refuse, it throws
   * a GatewayError.
   *
   * @returns takes it away
   */
  on<Name extends EventName>(event: Name, listener: (data: DataIn<Name>) => unknown): () => void;
  /** Calls a listener with each state that it comes to. What it sends at `open` goes before what waits. @returns takes it away */
  onState(listener: StateListener): () => void;
  /** Calls a listener with what comes without a name, as `client.send` sends it. @returns takes it away */
  onMessage(listener: (message: string | Uint8Array) => unknown): () => void;
  /**
   * Calls a listener with what else nobody would be told: that the server refuses a message which was no request, what a
   * listener throws, and that there is no url to connect to. Without a listener it is written to the console.
   *
   * @returns takes it away
   */
  onError(listener: (error: Error) => unknown): () => void;
  /** Connects at once instead of after the pause; and anew, when it is closed. Does nothing otherwise. */
  reconnect(): void;
  /**
   * Closes it for good: what was sent goes out, what waits does not.
   *
   * @param code 1000 (the default), or one of your own from 3000 to 4999
   */
  close(code?: number, reason?: string): void;
}
