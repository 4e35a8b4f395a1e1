/**
 * A chat with rooms and private messages: the business code of this server, and a start for your own.
 *
 * Several worker threads run this file, so nothing is kept in variables. What must last is kept by the gateway:
 * a client's session, the uid it is bound to, and the groups it has joined. What was said is in a database (history.ts).
 */
import { createHash } from 'node:crypto';
import { type Client, defineEvents, Gateway, message, PartialResultError, Refused } from 'gatewayworker';
import { newId, PAGE, recall, remember } from './history.js';
import { Earlier, Enter, Join, type Person, Say, Whisper } from './messages.js';

/** What the gateway keeps about a client. All of it is missing until the client has entered. */
type Session = Partial<Person> & { room?: string };

export default defineEvents<Session>()({
  messages: {
    enter: message(Enter, async (client, { name, room, token }) => {
      if (client.session.name) throw new Refused('entered', `You are ${client.session.name} already.`);
      const key = token ? createHash('sha256').update(token).digest('hex').slice(0, 16) : client.id;
      client.bindUid(key);
      return await show(await move(client, { uid: key, name: name.normalize('NFC') }, room));
    }),
    join: message(
      Join,
      async (client, { room }) => await show(await move(client, entered(client).you, room)),
    ),
    say: message(Say, async (client, { text }) => {
      const { you, room } = entered(client);
      await say(you, room, text);
    }),
    earlier: message(Earlier, async (client, { before }) => await history(entered(client).room, before)),
    whisper: message(Whisper, async (client, { to, text }) => {
      const { you } = entered(client);
      const [id] = await Gateway.getClientIdByUid(to);
      const session = id ? await Gateway.getSession(id) : null;
      if (typeof session?.name !== 'string') throw new Refused('left', 'That person has left.');
      const recipient = { uid: to, name: session.name };
      const both = [...new Set([to, you.uid])];
      Gateway.emitToUid(both, 'whispered', { from: you, to: recipient, text: clean(text), at: Date.now() });
    }),
    rooms: message(async () => await known(Gateway.getAllGroupClientIdCount())),
  },

  /** What has no name, such as a line that somebody types with `nc`, is said: in the lobby first. They see JSON. */
  async onMessage(client, line) {
    const guest = { uid: client.id, name: `guest-${client.id.slice(-4)}` };
    const { you, room } = client.session.name ? entered(client) : await move(client, guest, 'lobby');
    await say(you, room, String(line).slice(0, 2000));
  },

  async onClose(client) {
    await announceLeft(client.session);
  },
});

function entered({ session: { uid, name, room } }: Client<Session>): { you: Person; room: string } {
  if (!uid || !name || !room) throw new Refused('outside', 'Say who you are first: enter.');
  return { you: { uid, name }, room };
}

/** What somebody sees who has come into a room: what is said from then on comes by itself. */
async function show(place: { room: string; you: Person }) {
  const people = await peopleIn(place.room);
  return { ...place, people, ...(await history(place.room)) };
}

async function move(client: Client<Session>, you: Person, to: string) {
  const room = to.normalize('NFC').toLowerCase();
  const before = await peopleIn(room);
  if (before.some(({ uid, name }) => name === you.name && uid !== you.uid)) {
    const found = `Somebody in ${room} is called ${you.name} already.`;
    throw new Refused('taken', `${found} Choose another name, or room.`);
  }
  const { room: old } = client.session;
  if (old && old !== room) {
    client.leave(old);
    await announceLeft(client.session);
  }
  // At once, not when this handler is done: whoever comes next asks the gateway who is here.
  Gateway.updateSession(client.id, { ...you, room });
  client.join(room);
  if (!before.some(({ uid }) => uid === you.uid)) {
    Gateway.emitToGroup(room, 'arrived', { room, person: you }, { exclude: client.id });
  }
  return { room, you };
}

async function announceLeft({ uid, name, room }: Session): Promise<void> {
  if (!uid || !name || !room) return;
  const stillHere = (await peopleIn(room)).some((person) => person.uid === uid); // in another tab
  if (!stillHere) Gateway.emitToGroup(room, 'left', { room, person: { uid, name } });
}

/** It goes round at once, and is kept then: nobody waits for the database to read along. */
async function say(from: Person, room: string, text: string): Promise<void> {
  const said = { room, id: newId(), from, text: clean(text), at: Date.now() };
  Gateway.emitToGroup(room, 'said', said);
  await remember(said);
}

/** Without the characters that JSON leaves as they are and that steer a terminal: somebody may read this in one. */
function clean(text: string): string {
  return text.replaceAll(/[\u007F-\u009F]/g, ' ');
}

async function history(room: string, before?: string) {
  const said = await recall(room, before);
  return { said, more: said?.length === PAGE };
}

/** The people of a room, each once, however many tabs they have open. */
async function peopleIn(room: string): Promise<Person[]> {
  const sessions = Object.values(await known(Gateway.getClientSessionsByGroup(room)));
  const people = sessions.map(({ uid, name }): Person => ({ uid: String(uid), name: String(name) }));
  return [...new Map(people.map((person) => [person.uid, person])).values()];
}

/** While a node of a cluster does not answer, what the others know is enough for a chat. */
async function known<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    if (error instanceof PartialResultError) return error.partial as T;
    throw error;
  }
}
