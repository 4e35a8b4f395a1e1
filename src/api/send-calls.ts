import { Command, Flag } from '../wire/command.js';
import {
  type Message,
  type Name,
  checkClientIds,
  checkData,
  checkKey,
  checkMessage,
  checkNames,
  checkScope,
  checkWorker,
} from './arguments.js';
import { BaseCalls, NO_MESSAGE } from './base-calls.js';
import { type CloseOptions, checkCloseOptions } from './close-options.js';

export interface SendOptions {
  /** Sends the bytes as they are, without the protocol's encoding: the caller has encoded them. */
  readonly raw?: boolean;
}

export interface ExcludeOptions extends SendOptions {
  /** Client ids that do not get the message. */
  readonly exclude?: string | readonly string[];
}

export interface SendToAllOptions extends ExcludeOptions {
  /** Client ids that get the message; everyone by default. */
  readonly clientIds?: readonly string[];
}

export interface ToWorkerOptions {
  /** Among whom the key has its owner, as in {@link IdentityCalls.routeClient}. Default: `node`. */
  readonly scope?: 'node' | 'cluster';
}

/**
 * Sends, which all return the same: true when the message is on its way; false when it is, too, but much waits, so that
 * `await Gateway.drained()` should come before more. They throw GW_OVERFLOW beyond twice the buffer, GW_LINK_CLOSED when the
 * gateway that a client id names cannot be reached (of several, those that can are sent to first), and GW_ARGUMENT or
 * GW_CLIENT_ID for arguments that cannot be used. A client that is gone is no error, nor is a gateway that cannot be reached
 * when the call names no client of it.
 */
export abstract class SendCalls extends BaseCalls {
  /** Sends to every client, or to some. GatewayWorker's `sendToAll`. */
  sendToAll(message: Message, options: SendToAllOptions = {}): boolean {
    checkMessage('sendToAll', message);
    return this.toAll('sendToAll', message, rawFlag(options), options);
  }

  /** Sends to one client. GatewayWorker's `sendToClient`. */
  sendToClient(clientId: string, message: Message, options: SendOptions = {}): boolean {
    checkMessage('sendToClient', message);
    return this.toClient(clientId, message, rawFlag(options));
  }

  /** Sends to every client that is bound to a uid. GatewayWorker's `sendToUid`. */
  sendToUid(uid: Name | readonly Name[], message: Message, options: SendOptions = {}): boolean {
    checkMessage('sendToUid', message);
    return this.toUid('sendToUid', uid, message, rawFlag(options));
  }

  /** Sends to every client in a group; to one that is in several of them, once. GatewayWorker's `sendToGroup`. */
  sendToGroup(group: Name | readonly Name[], message: Message, options: ExcludeOptions = {}): boolean {
    checkMessage('sendToGroup', message);
    return this.toGroup('sendToGroup', group, message, rawFlag(options), options);
  }

  /**
   * Sends something to a worker, whose `onWorkerMessage` gets it: to the one that owns a key, or to the one of this name. It
   * is not lost when that worker is reloaded or its thread dies. What one worker sends another comes in its order, unless
   * the gateway that it goes by is lost. Where there is no such worker, or it is more than twice its buffer behind, the
   * gateway drops it, counts and logs that.
   *
   * @param to a key, or a worker: `worker` of onWorkerStart, `from` of onWorkerMessage, or `{ name: 'node-a:0' }`
   * @param data bytes, which arrive as a Buffer, or whatever JSON can hold
   * @throws GW_ARGUMENT, GW_OVERFLOW, and GW_LINK_CLOSED when there is no gateway of ours
   */
  sendToWorker(to: Name | { readonly name: string }, data: unknown, options: ToWorkerOptions = {}): boolean {
    const message = checkData('sendToWorker', data);
    const scope = checkScope('sendToWorker', options.scope);
    const whom =
      typeof to === 'object' && to !== null
        ? { worker: checkWorker('sendToWorker', to) }
        : { key: checkKey('sendToWorker', to), scope: scope || undefined };
    return this.sendToOneGateway(Command.SEND_TO_WORKER, JSON.stringify(whom), message);
  }

  /**
   * Closes a client's connection, in its protocol's way; `message` goes out first. A websocket is closed with `code` and
   * `reason`. GatewayWorker's `closeClient`.
   */
  closeClient(clientId: string, message?: Message, options?: CloseOptions): boolean {
    const ext = options === undefined ? '' : JSON.stringify(checkCloseOptions('closeClient', options));
    if (message === undefined) return this.sendToHolder(clientId, Command.KICK, ext, NO_MESSAGE);
    checkMessage('closeClient', message);
    return this.sendToHolder(clientId, Command.KICK, ext, message);
  }

  /** Drops a client's connection at once; what is still to be sent to it is lost. GatewayWorker's `destoryClient`. */
  destroyClient(clientId: string): boolean {
    return this.sendToHolder(clientId, Command.DESTROY);
  }

  /** {@link destroyClient}, as GatewayWorker spells it. */
  destoryClient(clientId: string): boolean {
    return this.destroyClient(clientId);
  }

  protected toAll(
    call: string,
    message: Message,
    flags: number,
    { exclude, clientIds }: SendToAllOptions = {},
  ): boolean {
    const excluded = idList(exclude);
    if (clientIds !== undefined) {
      checkClientIds(call, clientIds);
      const wanted = clientIds.filter((id) => !excluded.includes(id));
      return this.sendToHolders(wanted, message, flags);
    }
    return this.sendExcept(excluded, Command.SEND_TO_ALL, everyoneExcept, message, flags);
  }

  protected toClient(clientId: string, message: Message, flags: number): boolean {
    return this.sendToHolder(clientId, Command.SEND_TO_ONE, '', message, flags);
  }

  protected toUid(call: string, uid: Name | readonly Name[], message: Message, flags: number): boolean {
    return this.sendToGateways(Command.SEND_TO_UID, nameList(checkNames(call, 'uid', uid)), message, flags);
  }

  protected toGroup(
    call: string,
    group: Name | readonly Name[],
    message: Message,
    flags: number,
    { exclude }: ExcludeOptions = {},
  ): boolean {
    const groups = checkNames(call, 'group', group);
    const ext = (excluded: object | null): string => groupsExcept(groups, excluded);
    return this.sendExcept(idList(exclude), Command.SEND_TO_GROUP, ext, message, flags);
  }

  /** Resolves when little of what was sent still waits: at once when that is so now. */
  async drained(): Promise<void> {
    await this.transport.drained();
  }
}

/** JSON. Most often of one name, which is quicker to write by itself. */
function nameList(names: readonly string[]): string {
  return names.length === 1 ? `[${JSON.stringify(names[0])}]` : JSON.stringify(names);
}

/** JSON {group, exclude}. */
function groupsExcept(groups: readonly string[], exclude: object | null): string {
  const excluded = exclude === null ? 'null' : JSON.stringify(exclude);
  return `{"group":${nameList(groups)},"exclude":${excluded}}`;
}

function everyoneExcept(exclude: object | null): string {
  return exclude === null ? '' : JSON.stringify({ exclude });
}

function rawFlag(options: SendOptions): number {
  return options.raw === true ? Flag.RAW : 0;
}

function idList(ids: string | readonly string[] | undefined): readonly string[] {
  if (ids === undefined) return [];
  return typeof ids === 'string' ? [ids] : ids;
}
