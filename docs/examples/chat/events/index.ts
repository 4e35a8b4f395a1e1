/**
 * A chat with rooms. It remembers what was said in each.
 *
 * Several worker threads run this file, and a reload replaces them. So what lasts is not in variables: it is in the client's
 * session, in the groups, which the gateway keeps, and in the database.
 */
import { defineEvents, Gateway, message, Refused } from 'gatewayworker';
import { lastMessages, openHistory, remember } from './history.ts';
import { Enter, Say } from './messages.ts';

/** Both are missing until the client has entered a room. */
interface Session {
  name?: string;
  room?: string;
}

export default defineEvents<Session>()({
  onWorkerStart: openHistory,

  messages: {
    /** Somebody comes into a room, and leaves the one before. What this returns is the answer. */
    enter: message(Enter, async (client, { room, name }) => {
      const { session } = client;
      if (room === session.room) throw new Refused('there', `You are in ${room}.`);
      if ((await namesIn(room)).includes(name)) {
        throw new Refused('taken', `Somebody in ${room} is called ${name}.`);
      }
      if (session.room && session.name) {
        client.leave(session.room);
        Gateway.emitToGroup(session.room, 'left', { name: session.name });
      }
      session.room = room;
      session.name = name;
      Gateway.emitToGroup(room, 'came', { name });
      client.join(room);
      return { names: await namesIn(room), messages: await lastMessages(room) };
    }),

    say: message(Say, async ({ session: { room, name } }, { text }) => {
      if (!room || !name) throw new Refused('outside', 'Enter a room first.');
      const said = { name, text, at: Date.now() };
      await remember(room, said);
      Gateway.emitToGroup(room, 'said', said);
    }),
  },

  onClose({ session: { room, name } }) {
    if (room && name) Gateway.emitToGroup(room, 'left', { name });
  },
});

async function namesIn(room: string): Promise<string[]> {
  const sessions = await Gateway.getClientSessionsByGroup(room);
  return Object.values(sessions).map((session) => String(session.name));
}
