/** Login tokens: a uid with a signature, `ann.3q2-7wAB…`. A web site that people log in to would make them. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { existsSync } from 'node:fs';

/** The uid that a token is for; undefined when it is not one of ours. */
export function uidOf(token: string): string | undefined {
  const end = token.lastIndexOf('.');
  const uid = token.slice(0, Math.max(end, 0));
  const [given, expected] = [token, tokenFor(uid)].map((text) => Buffer.from(text));
  return uid !== '' && given.length === expected.length && timingSafeEqual(given, expected) ? uid : undefined;
}

export function tokenFor(uid: string): string {
  return `${uid}.${createHmac('sha256', secret()).update(uid).digest('base64url')}`;
}

/** From the environment, or from the file .env. */
function secret(): string {
  if (!process.env.PUSH_SECRET && existsSync('.env')) process.loadEnvFile('.env');
  const { PUSH_SECRET } = process.env;
  if (!PUSH_SECRET) throw new Error('PUSH_SECRET is not set: no token can be made or believed.');
  return PUSH_SECRET;
}
