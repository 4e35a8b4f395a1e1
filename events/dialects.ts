/**
 * The chat speaks two dialects: browsers send and get JSON, people who come with `nc` type lines.
 * Both are read into the same requests and written from the same events, so that index.ts knows only those.
 */

export type Dialect = 'web' | 'text';

export interface Person {
  uid: string;
  name: string;
}

/** What was said in a room. */
export interface Said {
  type: 'said';
  room: string;
  /** Later ones sort behind it. */
  id: string;
  from: Person;
  text: string;
  at: number;
}

/** What people ask for. */
export type Request =
  | { type: 'enter'; name: string; room: string; token: string }
  | { type: 'join'; room: string }
  | { type: 'say'; text: string }
  | { type: 'whisper'; to: string; text: string } // `to` is a uid, or the name of somebody in the same room
  | { type: 'earlier'; before: string } // what was said before the message with this id
  | { type: 'who' | 'rooms' | 'help' };

/** What they are told. `at` is in milliseconds since 1970. */
export type ChatEvent =
  | { type: 'joined'; room: string; you: Person; people: Person[] }
  | { type: 'arrived' | 'left'; room: string; person: Person; at: number }
  | Said
  | { type: 'history'; room: string; said: Said[] | null; more: boolean } // null: it cannot be read now
  | { type: 'whispered'; from: Person; to: Person; text: string; at: number }
  | { type: 'people'; people: Person[] }
  | { type: 'rooms'; rooms: Record<string, number> }
  | { type: 'help' }
  | { type: 'error'; text: string };

/** Says to one person, in words meant for them, why a request is not carried out. */
export class Refusal extends Error {}

const HELP = '/join room, /msg name text, /who, /rooms, /help; anything else is said to the room';

/** A browser's message: `{"type":"say","text":"Hello"}`. Nothing in it is believed before it is checked. */
export function readJson(message: string): Request {
  let fields: Record<string, unknown>;
  try {
    fields = Object(JSON.parse(message));
  } catch {
    throw new Refusal('That is not JSON. Expected {"type":"say","text":"…"} or the like.');
  }
  switch (fields.type) {
    case 'enter':
      return { type: 'enter', name: name(fields.name), room: room(fields.room), token: token(fields.token) };
    case 'join':
      return { type: 'join', room: room(fields.room) };
    case 'say':
      return { type: 'say', text: text(fields.text) };
    case 'whisper':
      return { type: 'whisper', to: text(fields.to), text: text(fields.text) };
    case 'earlier':
      return { type: 'earlier', before: id(fields.before) };
    case 'who':
    case 'rooms':
      return { type: fields.type };
    default:
      throw new Refusal(
        `Unknown type ${JSON.stringify(fields.type)?.slice(0, 40)}. Expected enter, join, say, whisper, earlier, who or rooms.`,
      );
  }
}

/** A typed line. The first one of somebody who has no name yet is their name. */
export function readLine(line: string, named: boolean): Request {
  if (!named) return { type: 'enter', name: name(line), room: 'lobby', token: '' };
  const [, command, rest] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
  switch (command) {
    case undefined:
      return { type: 'say', text: text(line) };
    case 'join':
      return { type: 'join', room: room(rest) };
    case 'msg': {
      const [to, ...words] = rest.split(' ');
      return { type: 'whisper', to: name(to), text: text(words.join(' ')) };
    }
    case 'who':
    case 'rooms':
    case 'help':
      return { type: command };
    default:
      throw new Refusal(`There is no command /${command}. Try ${HELP}.`);
  }
}

export function write(dialect: Dialect, event: ChatEvent): string {
  if (dialect === 'web') return JSON.stringify(event);
  const lines = event.type === 'history' ? writeHistory(event.said) : [writeLine(event)];
  // Control characters stay out of the lines: what a browser sends must not steer somebody's terminal.
  return lines.map((line) => line.replaceAll(/\p{Cc}+/gu, ' ')).join('\n');
}

function writeHistory(said: Said[] | null): string[] {
  if (said === null) return ['* What was said before cannot be read now.'];
  return said.map((one) => `${new Date(one.at).toISOString().slice(0, 16)} ${writeLine(one)}`);
}

function writeLine(event: Exclude<ChatEvent, { type: 'history' }>): string {
  switch (event.type) {
    case 'joined':
      return `* You are in ${event.room}, ${event.you.name}. Here: ${names(event.people)}. Commands: /help`;
    case 'arrived':
    case 'left':
      return `* ${event.person.name} ${event.type}`;
    case 'said':
      return `${event.from.name}: ${event.text}`;
    case 'whispered':
      return `${event.from.name} to ${event.to.name}, in private: ${event.text}`;
    case 'people':
      return `* Here: ${names(event.people)}`;
    case 'rooms':
      return `* Rooms: ${Object.entries(event.rooms)
        .map(([title, count]) => `${title} (${count})`)
        .join(', ')}`;
    case 'help':
      return `* ${HELP}`;
  }
  return `* ${event.text}`; // an error
}

const names = (people: Person[]): string => people.map((person) => person.name).join(', ');

function name(value: unknown): string {
  return word(value, 'A name');
}

function room(value: unknown): string {
  return word(value, 'A room').toLowerCase();
}

function word(value: unknown, what: string): string {
  const found = typeof value === 'string' ? value.trim().normalize('NFC') : '';
  if (/^[\p{L}\p{M}\p{N}_.-]{1,20}$/u.test(found)) return found;
  throw new Refusal(`${what} has 1 to 20 letters, digits, dots, dashes or underscores, and no spaces.`);
}

function text(value: unknown): string {
  const found = typeof value === 'string' ? value.trim() : '';
  if (found.length >= 1 && found.length <= 2000) return found;
  throw new Refusal('A message has 1 to 2,000 characters.');
}

function id(value: unknown): string {
  if (typeof value === 'string' && /^[0-9a-z]{9}-[0-9a-f]{8}$/.test(value)) return value;
  throw new Refusal('An id is one that a message came with.');
}

function token(value: unknown): string {
  if (typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)) return value;
  throw new Refusal('A token has 32 hex digits.');
}
