/** What was said in each room, in SQLite: a file beside this folder. DATABASE_URL may name another. */
import { database } from 'gatewayworker/database';
import type { Message } from './messages.ts';

const SHOWN = 50;

const db = database({ url: process.env.DATABASE_URL ?? 'sqlite:chat.db' });

export async function openHistory(): Promise<void> {
  await db.query(
    'CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, room, name, text, at INTEGER)',
  );
  await db.query('CREATE INDEX IF NOT EXISTS messages_of_room ON messages (room, id)');
}

export async function remember(room: string, { name, text, at }: Message): Promise<void> {
  await db.query('INSERT INTO messages (room, name, text, at) VALUES (?, ?, ?, ?)', [room, name, text, at]);
}

/** The last ones, the oldest first. */
export async function lastMessages(room: string): Promise<Message[]> {
  const rows = await db.query<Message[]>(
    'SELECT name, text, at FROM messages WHERE room = ? ORDER BY id DESC LIMIT ?',
    [room, SHOWN],
  );
  return rows.toReversed();
}
