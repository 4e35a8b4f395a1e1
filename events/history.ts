/**
 * What is said in rooms, kept for those who come later: in the file chat.db, or in the database that DATABASE_URL names,
 * which nodes on several machines share. Nothing here throws, or waits for long: while it is away, people talk on.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { log } from 'gatewayworker';
import { database } from 'gatewayworker/database';
import type { Said } from './messages.js';

export const PAGE = 30; // messages that are shown at a time
const KEPT = 1000; // messages of each room, or some more
const PATIENCE = 1000; // milliseconds

const db = database({ url: process.env.DATABASE_URL ?? 'sqlite:chat.db' });
const TABLE = `CREATE TABLE IF NOT EXISTS said (room VARCHAR(20), id VARCHAR(20), uid VARCHAR(40), name VARCHAR(20),
  text TEXT, at BIGINT, PRIMARY KEY (room, id)) ${db.dialect === 'mysql' ? 'COLLATE utf8mb4_bin' : ''}`;
let made: Promise<unknown> | undefined;
let away = false;
let tick = 0;

/** Ids sort by time. They are made here, so that a message can go round before it is kept. */
export function newId(): string {
  tick = Math.max(Date.now(), tick + 1);
  return `${tick.toString(36).padStart(9, '0')}-${randomBytes(4).toString('hex')}`;
}

export async function remember({ room, id, from, text, at }: Said): Promise<void> {
  await attempt(async () => {
    const values = [room, id, from.uid, from.name, text, at];
    await db.query('INSERT INTO said (room, id, uid, name, text, at) VALUES (?, ?, ?, ?, ?, ?)', values);
    if (Math.random() > 0.01) return;
    const last = `SELECT id FROM said WHERE room = ? ORDER BY id DESC LIMIT 1 OFFSET ${KEPT}`;
    const gone = `DELETE FROM said WHERE room = ? AND id <= (SELECT id FROM (${last}) AS last)`;
    await db.query(gone, [room, room]);
  });
}

/** What was said last in a room, or last before the message with this id; null while it cannot be read. */
export async function recall(room: string, before = '~'): Promise<Said[] | null> {
  return await attempt(async () => {
    const sql = `SELECT * FROM said WHERE room = ? AND id < ? ORDER BY id DESC LIMIT ${PAGE}`;
    const rows = await db.query<(Said & Said['from'])[]>(sql, [room, before]);
    return rows.map(({ uid, name, ...row }): Said => ({ ...row, from: { uid, name } })).toReversed();
  });
}

/** Null when it fails, or takes longer than people wait. */
async function attempt<Result>(work: () => Promise<Result>): Promise<Result | null> {
  const late = sleep(PATIENCE, undefined, { ref: false }).then(() => {
    throw new Error(`the database has not answered within ${PATIENCE} ms`);
  });
  try {
    const result = await Promise.race([(made ??= db.query(TABLE)).then(work), late]);
    away = false;
    return result;
  } catch (error) {
    if (!away) log.error({ err: error }, 'what people say is not kept');
    away = true;
    made = undefined;
    return null;
  }
}
