/**
 * A chat with rooms and private messages: the business code of this server, and a start for your own.
 *
 * Several worker threads run this file, so nothing is kept in variables. What must last is kept by the gateway:
 * a client's session, the uid it is bound to, and the groups it has joined. What was said is in a database (history.ts).
 */
import { createHash } from 'node:crypto';
import { type Client, defineEvents, Gateway, PartialResultError } from 'gatewayworker';
import { type ChatEvent, type Dialect, type Person, Refusal, type Request, type Said } from './dialects.js';
import { readJson, readLine, write } from './dialects.js';
import { newId, PAGE, recall, remember } from './history.js';

/** What the gateway keeps about a client. Name, uid and room are missing until the client has entered. */
type Session = Partial<Person> & { dialect: Dialect; room?: string };

export default defineEvents<Session>({
  onConnect(client) {
    client.session.dialect = 'text'; // unless it turns out to be a websocket
    client.send('Welcome. Type your name.'); // a browser skips what is not JSON
  },

  onWebSocketConnect(client) {
    client.session.dialect = 'web';
  },

  async onMessage(client, message) {
    try {
      if (typeof message !== 'string') throw new Refusal('Send text, not bytes.');
      const { dialect, name } = client.session;
      await handle(client, dialect === 'web' ? readJson(message) : readLine(message, name !== undefined));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error; // a mistake of ours: it is logged, and the worker lives on
      reply(client, { type: 'error', text: error.message });
    }
  },

  async onClose(client) {
    await announceLeft(client.session);
  },
});

async function handle(client: Client<Session>, request: Request): Promise<void> {
  if (request.type === 'enter') return enter(client, request.name, request.room, request.token);
  if (request.type === 'help') return reply(client, { type: 'help' });

  const { uid, name, room } = client.session;
  if (!uid || !name || !room) throw new Refusal('Say who you are first: {"type":"enter","name":"…",…}');
  const you: Person = { uid, name };
  switch (request.type) {
    case 'join':
      return move(client, you, request.room);
    case 'say':
      return say(room, you, request.text);
    case 'earlier':
      return showHistory(client, room, request.before);
    case 'whisper':
      return whisper(client, you, room, request.to, request.text);
    case 'who':
      return reply(client, { type: 'people', people: await peopleIn(room) });
    case 'rooms':
      return reply(client, { type: 'rooms', rooms: await rooms() });
  }
}

/** Somebody comes, or comes back: a browser tab that keeps its secret token keeps the uid that is made from it. */
async function enter(client: Client<Session>, name: string, room: string, token: string): Promise<void> {
  if (client.session.name) throw new Refusal(`You are ${client.session.name} already.`);
  const key = token ? createHash('sha256').update(token).digest('hex').slice(0, 16) : client.id;
  const uid = `${client.session.dialect}:${key}`;
  client.bindUid(uid);
  await move(client, { uid, name }, room);
}

async function move(client: Client<Session>, you: Person, room: string): Promise<void> {
  const before = await peopleIn(room);
  if (before.some(({ uid, name }) => name === you.name && uid !== you.uid)) {
    throw new Refusal(`Somebody in ${room} is called ${you.name} already. Choose another name, or room.`);
  }
  const { dialect, room: old } = client.session;
  if (old && old !== room) {
    client.leave(`${old}:all`);
    client.leave(`${old}:${dialect}`);
    await announceLeft(client.session);
  }
  // At once, not when this handler is done: whoever comes next asks the gateway who is here.
  Gateway.updateSession(client.id, { ...you, room });
  client.join(`${room}:all`); // to count and list people
  client.join(`${room}:${dialect}`); // to send to them
  if (!before.some(({ uid }) => uid === you.uid)) {
    tell(room, { type: 'arrived', room, person: you, at: Date.now() }, client.id);
  }
  reply(client, { type: 'joined', room, you, people: await peopleIn(room) });
  await showHistory(client, room); // not before the gateway has let them in: what is said from here on comes by itself
}

async function announceLeft({ uid, name, room }: Session): Promise<void> {
  if (!uid || !name || !room) return;
  const stillHere = (await peopleIn(room)).some((person) => person.uid === uid); // in another tab
  if (!stillHere) tell(room, { type: 'left', room, person: { uid, name }, at: Date.now() });
}

/** It goes round at once, and is kept then: nobody waits for the database to read along. */
async function say(room: string, from: Person, text: string): Promise<void> {
  const said: Said = { type: 'said', room, id: newId(), from, text, at: Date.now() };
  tell(room, said);
  await remember(said);
}

async function showHistory(client: Client<Session>, room: string, before?: string): Promise<void> {
  const said = await recall(room, before);
  if (said?.length === 0 && !before) return; // nobody has said anything yet
  reply(client, { type: 'history', room, said, more: said?.length === PAGE });
}

async function whisper(client: Client<Session>, from: Person, room: string, to: string, text: string) {
  const uid = to.includes(':') ? to : (await peopleIn(room)).find(({ name }) => name === to)?.uid;
  const [id] = uid ? await Gateway.getClientIdByUid(uid) : [];
  const session = id ? await Gateway.getSession(id) : null;
  if (!uid || typeof session?.name !== 'string') {
    throw new Refusal(uid ? 'That person has left.' : `Nobody in ${room} is called ${to}.`);
  }
  const recipient: Person = { uid, name: session.name };
  const event: ChatEvent = { type: 'whispered', from, to: recipient, text, at: Date.now() };
  Gateway.sendToUid(uid, write(session.dialect === 'web' ? 'web' : 'text', event));
  if (uid !== from.uid) reply(client, event);
}

/** Everybody in a room: browsers get JSON, people with `nc` a line. */
function tell(room: string, event: ChatEvent, exclude?: string): void {
  Gateway.sendToGroup(`${room}:web`, write('web', event), { exclude });
  Gateway.sendToGroup(`${room}:text`, write('text', event), { exclude });
}

function reply(client: Client<Session>, event: ChatEvent): void {
  client.send(write(client.session.dialect, event));
}

/** The people of a room, each once, however many tabs they have open. */
async function peopleIn(room: string): Promise<Person[]> {
  const sessions = Object.values(await known(Gateway.getClientSessionsByGroup(`${room}:all`)));
  const people = sessions.map(({ uid, name }): Person => ({ uid: String(uid), name: String(name) }));
  return [...new Map(people.map((person) => [person.uid, person])).values()];
}

/** Every room that has people in it, with the number of their connections. */
async function rooms(): Promise<Record<string, number>> {
  const counts = Object.entries(await known(Gateway.getAllGroupClientIdCount()));
  return Object.fromEntries(
    counts.filter(([group]) => group.endsWith(':all')).map(([group, count]) => [group.slice(0, -4), count]),
  );
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
