import { Command } from '../wire/command.js';
import { type Session, encodeSession } from '../wire/session.js';
import { type Name, checkName, checkSession } from './arguments.js';
import { SendCalls } from './send-calls.js';

/** Uids, groups and sessions of clients. They return and throw as the sends do. */
export abstract class IdentityCalls extends SendCalls {
  /** Binds a client to a uid. A client has one uid at most, and a uid any number of clients. GatewayWorker's `bindUid`. */
  bindUid(clientId: string, uid: Name): boolean {
    const name = checkName('bindUid', 'uid', uid);
    const flags = this.transport.changing(clientId, { kind: 'uid', uid: name });
    return this.sendToHolder(clientId, Command.BIND_UID, name, '', flags);
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

  /** How sessions go out: as they are stored, unless somebody at the far end has to read them who does not know JSON. */
  protected sessionBytes(session: Session): Buffer {
    return encodeSession(session);
  }
}
