import { parseClientId } from '../../wire/client-id.js';
import { Command } from '../../wire/command.js';
import { changedState } from './changed-state.js';
import type { ClientCommandHandler, CommandHandler } from './command-handler.js';
import { closingOf, jsonObject, nameOf, uidClaim } from './ext-data.js';
import { farewellOf } from './farewell.js';

/** Binds clients to uids. ext_data: the uid. */
export const uidCommands: Readonly<Record<number, ClientCommandHandler>> = {
  [Command.BIND_UID]({ directory }, client, frame) {
    const uid = nameOf(frame);
    // PHP takes '0' for empty, and so for no uid
    if (uid === '' || uid === '0') return;
    directory.bind(client, uid);
    changedState(client, frame).touch();
  },

  // whichever uid is named: a client has only one
  [Command.UNBIND_UID]({ directory }, client, frame) {
    directory.unbind(client);
    changedState(client, frame).touch();
  },
};

export const claimCommands: Readonly<Record<number, CommandHandler>> = {
  // goes to every gateway. ext_data: JSON {uid, client, at, code, reason}; the body is a farewell, as that of KICK. BIND_UID
  // follows, which PHP's gateways understand, and which counts
  [Command.EXCLUSIVE_UID]({ directory, uidClaims, clients, delivery, isOurs }, frame) {
    const ext = jsonObject(frame);
    const claim = uidClaim(frame, ext);
    const { code, reason } = closingOf(frame, ext);
    const address = parseClientId(claim.clientId);
    const ours = isOurs(address);
    const client = ours ? directory.get(address.connectionId) : undefined;
    // it has gone since: it would close those who stay
    if (ours && client === undefined) return;
    const farewell = farewellOf(frame);
    for (const loser of uidClaims.add(claim, client)) {
      if (farewell !== undefined) delivery.deliver(loser, farewell);
      clients.kick(loser, 'server', code, reason);
    }
  },
};
