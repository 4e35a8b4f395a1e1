/** @ts-ignore -- Kysely need not be installed: without it, what is made of it has no type */
export type { Kysely } from 'kysely';
