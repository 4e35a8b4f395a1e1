import { Command } from '../../wire/command.js';
import { OutgoingMessage } from '../outgoing-message.js';
import type { ClientCommandHandler, CommandHandler } from './command-handler.js';
import { connectionIds, jsonObject, nameList } from './ext-data.js';

/*
 * The ext_data of most sends, which name one uid or one group, as JSON.stringify and PHP's json_encode write it: parsing it
 * would take four times as long. A name that has to be escaped is left to the parser.
 */
const ONE_UID = /^\["([^"\\\p{Cc}]*)"\]$/u;
const ONE_GROUP = /^\{"group":\["([^"\\\p{Cc}]*)"\],"exclude":null\}$/u;

/** Sends to one client. */
export const sendToOne: Readonly<Record<number, ClientCommandHandler>> = {
  [Command.SEND_TO_ONE]({ delivery }, client, frame) {
    delivery.deliver(client, new OutgoingMessage(frame.body, frame.flags));
  },
};

/** Sends to all, to uids, to groups. A client that is named twice gets the message once. */
export const sendCommands: Readonly<Record<number, CommandHandler>> = {
  // ext_data: '' or JSON {connections: …} or {exclude: …}
  [Command.SEND_TO_ALL](target, frame) {
    const message = new OutgoingMessage(frame.body, frame.flags);
    const { connections, exclude } = frame.extStart === frame.bodyStart ? {} : jsonObject(frame);
    if (connections !== undefined) {
      for (const id of connectionIds(connections)) {
        const client = target.directory.get(id);
        if (client !== undefined) target.delivery.deliver(client, message);
      }
      return;
    }
    const excluded = connectionIds(exclude);
    for (const client of target.directory.clients()) {
      if (excluded.size === 0 || !excluded.has(client.id)) target.delivery.deliver(client, message);
    }
  },

  // ext_data: JSON list of uids
  [Command.SEND_TO_UID](target, frame) {
    const message = new OutgoingMessage(frame.body, frame.flags);
    const sole = ONE_UID.exec(frame.extText())?.[1];
    const uids = sole === undefined ? nameList(frame) : [sole];
    // a client has one uid, so only a uid that is named twice could reach it twice
    for (const uid of uids.length > 1 ? new Set(uids) : uids) {
      for (const client of target.directory.withUid(uid)) target.delivery.deliver(client, message);
    }
  },

  // ext_data: JSON {group: […], exclude: null | …}
  [Command.SEND_TO_GROUP](target, frame) {
    const message = new OutgoingMessage(frame.body, frame.flags);
    const sole = ONE_GROUP.exec(frame.extText())?.[1];
    if (sole !== undefined) {
      for (const client of target.directory.withGroup(sole)) target.delivery.deliver(client, message);
      return;
    }
    const { group, exclude } = jsonObject(frame);
    const groups = nameList(frame, group);
    const excluded = connectionIds(exclude);
    // whoever gets no message, or no other one; most often that need not be asked
    const done = groups.length > 1 || excluded.size > 0 ? new Set(excluded) : undefined;
    for (const name of groups) {
      for (const client of target.directory.withGroup(name)) {
        if (done?.has(client.id)) continue;
        done?.add(client.id);
        target.delivery.deliver(client, message);
      }
    }
  },
};
