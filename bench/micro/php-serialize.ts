import assert from 'node:assert/strict';
import { serialize, unserialize } from '#src/wire/php-serialize.js';
import type { Suite } from './suite.js';

const CLIENTS = 15_000;

/** What getAllClientSessions answers on a busy node. */
export const phpSerialize: Suite = {
  name: 'php-serialize',
  title: `the sessions of ${CLIENTS} clients, per session`,
  prepare() {
    const sessions = Object.fromEntries(
      Array.from({ length: CLIENTS }, (_, number) => [
        (0x7f000001_0b54_0000n * 0x10000n + BigInt(number)).toString(16).padStart(20, '0'),
        { name: `user ${number}`, room: `room ${number % 100}`, score: number * 3, vip: number % 7 === 0 },
      ]),
    );
    const php = serialize(sessions);
    const json = Buffer.from(JSON.stringify(sessions));
    assert.equal((unserialize(php) as Map<string, unknown>).size, CLIENTS);
    return [
      { name: 'serialize', operations: CLIENTS, run: () => void serialize(sessions) },
      {
        name: 'JSON.stringify to bytes',
        operations: CLIENTS,
        run: () => void Buffer.from(JSON.stringify(sessions)),
      },
      { name: 'unserialize', operations: CLIENTS, run: () => void unserialize(php) },
      { name: 'JSON.parse of bytes', operations: CLIENTS, run: () => void JSON.parse(json.toString()) },
    ];
  },
};
