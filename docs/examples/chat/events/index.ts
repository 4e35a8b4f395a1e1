/**
 * A chat with rooms. It remembers what was said in each.
 *
 * Several worker threads run this file, and a reload replaces them. So what lasts is not in variables: it is in the client's
 * session, in the groups, which the gateway keeps, and in the database.
 */
import { type Client, defineEvents, Gateway } from 'gatewayworker';
import { lastMessages, openHistory, remember } from './history.ts';
import { type Answer, readRequest, Refusal } from './messages.ts';

/** Both are missing until the client has entered a room. */
interface Session {
  name?: string;
  room?: string;
}

export default defineEvents<Session>({
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
async function enter(client: Client<Session>, room: string, name: string): Promise<void> {
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

async function say({ session: { room, name } }: Client<Session>, text: string): Promise<void> {
  if (!room || !name) throw new Refusal('Enter a room first.');
  const message = { name, text, at: Date.now() };
  await remember(room, message);
  tell(room, { type: 'said', ...message });
}

async function namesIn(room: string): Promise<string[]> {
  const sessions = await Gateway.getClientSessionsByGroup(room);
  return Object.values(sessions).map((session) => String(session.name));
}

function tell(room: string, answer: Answer): void {
  Gateway.sendToGroup(room, JSON.stringify(answer));
}

function reply(client: Client<Session>, answer: Answer): void {
  client.send(JSON.stringify(answer));
}
