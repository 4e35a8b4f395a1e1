import { Command } from '../../wire/command.js';
import { soleGroup, soleUid } from '../../wire/sole-name.js';
import { OutgoingMessage } from '../outgoing-message.js';
import type { ClientCommandHandler, CommandHandler } from './command-handler.js';
import { connectionIds, jsonObject, nameList } from './ext-data.js';

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
    const sole = soleUid(frame.extText());
    const uids = sole === undefined ? nameList(frame) : [sole];
    // a client has one uid, so only a uid that is named twice could reach it twice
    for (const uid of uids.length > 1 ? new Set(uids) : uids) {
      for (const client of target.directory.withUid(uid)) target.delivery.deliver(client, message);
    }
  },

  // ext_data: JSON {group: […], exclude: null | …}
  [Command.SEND_TO_GROUP](target, frame) {
    const message = new OutgoingMessage(frame.body, frame.flags);
    const sole = soleGroup(frame.extText());
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
