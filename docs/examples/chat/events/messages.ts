/** What page and server say to each other. */
import { Type } from 'typebox';

const Word = Type.String({ pattern: '^[\\p{L}\\p{M}\\p{N}_.-]{1,20}$' });

/** From the page. Anybody can send anything: what does not fit is answered with an error, and comes to no handler. */
export const Enter = { room: Word, name: Word };
export const Say = { text: Type.String({ minLength: 1, maxLength: 1000 }) };

export interface Message {
  name: string;
  text: string;
  at: number; // milliseconds since 1970
}

declare module 'gatewayworker' {
  /** To the page. */
  interface Emits {
    came: { name: string };
    left: { name: string };
    said: Message;
  }
}
