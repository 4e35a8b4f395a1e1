import { GatewayError } from '../base/errors.js';
import { formatAddress } from '../wire/client-id.js';
import { Command } from '../wire/command.js';
import { type Session, encodeSession } from '../wire/session.js';
import {
  type Message,
  type Name,
  checkKey,
  checkMessage,
  checkName,
  checkScope,
  checkSession,
} from './arguments.js';
import { NO_MESSAGE } from './base-calls.js';
import { type CloseOptions, checkCloseOptions } from './close-options.js';
import { EmitCalls } from './emit-calls.js';

/** What those are closed with who have lost their uid to another, if the call says nothing else. */
const TAKEN = 4409;
const TAKEN_REASON = 'another client has taken the uid';

export interface BindOptions {
  /**
   * Closes every other client that is bound to the uid, on all nodes: the one that was bound last stays, also when several
   * are bound at once. They are sent `message`, if there is one, and websockets are closed with `code` (default 4409) and
   * `reason`, so that a client can tell that it need not come back. Clients at PHP's gateways stay.
   */
  readonly exclusive?: boolean | (CloseOptions & { readonly message?: Message });
}

export interface RouteOptions {
  /**
   * Among whom the key has its owner. `node`, the default: the workers of the node that the client is connected to, or where
   * it has none, all. `cluster`: all workers of the cluster.
   */
  readonly scope?: 'node' | 'cluster';
}

/** Uids, groups and sessions of clients. They return and throw as the sends do. */
export abstract class IdentityCalls extends EmitCalls {
  /**
   * Binds a client to a uid. A client has one uid at most, and a uid any number of clients; with `exclusive` this one alone.
   * GatewayWorker's `bindUid`.
   */
  bindUid(clientId: string, uid: Name, { exclusive = false }: BindOptions = {}): boolean {
    const name = checkName('bindUid', 'uid', uid);
    const farewell = exclusive === false ? undefined : checkExclusive(exclusive);
    const flags = this.transport.changing(clientId, { kind: 'uid', uid: name });
    let writable = true;
    if (farewell !== undefined) {
      const { message, code, reason } = farewell;
      const claim = JSON.stringify({ uid: name, client: clientId, at: nextStamp(), code, reason });
      writable = this.sendToGateways(Command.EXCLUSIVE_UID, claim, message);
    }
    return this.sendToHolder(clientId, Command.BIND_UID, name, '', flags) && writable;
  }

  /** Takes a client's uid away. GatewayWorker's `unbindUid`. */
  unbindUid(clientId: string, uid: Name): boolean {
    const name = checkName('unbindUid', 'uid', uid);
    const flags = this.transport.changing(clientId, { kind: 'uid', uid: '' });
    return this.sendToHolder(clientId, Command.UNBIND_UID, name, '', flags);
  }

  /** Puts a client into a group. GatewayWorker's `joinGroup`. */
  joinGroup(clientId: string, group: Name): boolean {
    return this.sendToHolder(clientId, Command.JOIN_GROUP, checkName('joinGroup', 'group', group));
  }

  /** Takes a client out of a group. GatewayWorker's `leaveGroup`. */
  leaveGroup(clientId: string, group: Name): boolean {
    return this.sendToHolder(clientId, Command.LEAVE_GROUP, checkName('leaveGroup', 'group', group));
  }

  /** Takes every client out of a group. GatewayWorker's `ungroup`. */
  ungroup(group: Name): boolean {
    return this.sendToGateways(Command.UNGROUP, checkName('ungroup', 'group', group));
  }

  /** Replaces a client's session. What its handlers change meanwhile is void. GatewayWorker's `setSession`. */
  setSession(clientId: string, session: object): boolean {
    const value = checkSession('setSession', session);
    const bytes = this.sessionBytes(value);
    const flags = this.transport.changing(clientId, { kind: 'set', session: value });
    return this.sendToHolder(clientId, Command.SET_SESSION, bytes, '', flags);
  }

  /**
   * Merges into a client's session, in the gateway, key by key at every depth: arrays too. Concurrent updates of other
   * keys are kept. GatewayWorker's `updateSession`.
   */
  updateSession(clientId: string, session: object): boolean {
    const value = checkSession('updateSession', session);
    const bytes = this.sessionBytes(value);
    const flags = this.transport.changing(clientId, { kind: 'update', session: value });
    return this.sendToHolder(clientId, Command.UPDATE_SESSION, bytes, '', flags);
  }

  /**
   * Sends a client's events, from its next one on, to the worker that owns a key: a room, a game, a document. Called in a
   * handler of this client, that one is the last here; no event is lost, doubled or reordered. As long as the same workers
   * are there, a key has the same owner; when one comes or goes, only the keys move that it gets or had, with their clients.
   *
   * A client has one key at most: the last one given to it.
   *
   * @throws GW_ARGUMENT also when the client is at a gateway that knows no keys: PHP's, or an older version's
   */
  routeClient(clientId: string, key: Name, options?: RouteOptions): boolean {
    const name = checkKey('routeClient', key);
    const scope = checkScope('routeClient', options?.scope);
    const holder = this.holder(clientId);
    if (holder?.routes === false) {
      throw new GatewayError(
        'GW_ARGUMENT',
        `routeClient was given the client ${clientId}, whose gateway ${formatAddress(holder)} knows no keys: it is GatewayWorker's for PHP, or an older version. Its clients stay where they are.`,
      );
    }
    const flags = this.transport.changing(clientId, { kind: 'route' });
    return this.sendToHolder(clientId, Command.ROUTE_CLIENT, name, scope, flags);
  }

  /** How sessions go out: as they are stored, unless somebody at the far end has to read them who does not know JSON. */
  protected sessionBytes(session: Session): Buffer {
    return encodeSession(session);
  }
}

function checkExclusive(exclusive: NonNullable<BindOptions['exclusive']>): Required<CloseOptions> & {
  readonly message: Message | typeof NO_MESSAGE;
} {
  const options = exclusive === true ? {} : exclusive;
  if (typeof options !== 'object' || options === null) {
    throw new GatewayError(
      'GW_ARGUMENT',
      `bindUid was given ${JSON.stringify(exclusive)} as exclusive; expected true, or an object with message, code and reason.`,
    );
  }
  const { message, code = TAKEN, reason = TAKEN_REASON } = options;
  return {
    message: message === undefined ? NO_MESSAGE : checkMessage('bindUid', message),
    ...checkCloseOptions('bindUid', { code, reason }),
  };
}

let lastStamp = 0;

/** Milliseconds since 1970, and never the same twice in one thread: of several claims the last one counts. */
function nextStamp(): number {
  lastStamp = Math.max(performance.timeOrigin + performance.now(), lastStamp + 0.001);
  return lastStamp;
}
