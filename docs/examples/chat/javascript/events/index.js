/**
 * A chat with rooms. It remembers what was said in each.
 *
 * Several worker threads run this file, and a reload replaces them. So what lasts is not in variables: it is in the client's
 * session, in the groups, which the gateway keeps, and in the database.
 */
import { defineEvents, Gateway } from 'gatewayworker';
import { lastMessages, openHistory, remember } from './history.js';
import { readRequest, Refusal } from './messages.js';

export default defineEvents({
  onWorkerStart: openHistory,

  async onMessage(client, message) {
    try {
      const request = readRequest(message);
      if (request.type === 'enter') await enter(client, request.room, request.name);
      else await say(client, request.text);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error; // a mistake of ours: it is logged, and the worker goes on
      reply(client, { type: 'error', text: error.message });
    }
  },

  onClose({ session: { room, name } }) {
    if (room && name) tell(room, { type: 'left', name });
  },
});

/** Somebody comes into a room, and leaves the one before. */
async function enter(client, room, name) {
  const { session } = client;
  if (room === session.room) throw new Refusal(`You are in ${room}.`);
  if ((await namesIn(room)).includes(name)) throw new Refusal(`Somebody in ${room} is called ${name}.`);
  if (session.room && session.name) {
    client.leave(session.room);
    tell(session.room, { type: 'left', name: session.name });
  }
  session.room = room;
  session.name = name;
  tell(room, { type: 'came', name });
  client.join(room);
  reply(client, { type: 'entered', room, names: await namesIn(room), messages: await lastMessages(room) });
}

async function say({ session: { room, name } }, text) {
  if (!room || !name) throw new Refusal('Enter a room first.');
  const message = { name, text, at: Date.now() };
  await remember(room, message);
  tell(room, { type: 'said', ...message });
}

async function namesIn(room) {
  const sessions = await Gateway.getClientSessionsByGroup(room);
  return Object.values(sessions).map((session) => String(session.name));
}

function tell(room, answer) {
  Gateway.sendToGroup(room, JSON.stringify(answer));
}

function reply(client, answer) {
  client.send(JSON.stringify(answer));
}
