/** What clients of the chat may say, and what they are told. */
import { Type } from 'typebox';

const Word = Type.String({ pattern: '^[\\p{L}\\p{M}\\p{N}_.-]{1,20}$' }); // a name, or a room's
const Text = Type.String({ minLength: 1, maxLength: 2000 });

/** Somebody comes, or comes back: who keeps a secret token is the same person. */
export const Enter = {
  name: Word,
  room: Word,
  token: Type.Optional(Type.String({ pattern: '^[0-9a-f]{32}$' })),
};
export const Join = { room: Word };
export const Say = { text: Text };
/** To one person, by their uid. */
export const Whisper = { to: Type.String(), text: Text };
/** What was said before the message with this id. */
export const Earlier = { before: Type.String({ pattern: '^[0-9a-z]{9}-[0-9a-f]{8}$' }) };

export interface Person {
  uid: string;
  name: string;
}

/** What was said in a room. */
export interface Said {
  room: string;
  /** Later ones sort behind it. */
  id: string;
  from: Person;
  text: string;
  at: number; // milliseconds since 1970
}

declare module 'gatewayworker' {
  interface Emits {
    arrived: { room: string; person: Person };
    left: { room: string; person: Person };
    said: Said;
    whispered: { from: Person; to: Person; text: string; at: number };
  }
}
