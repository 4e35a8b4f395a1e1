import { ClientRecord } from '#src/gateway/client-record.js';
import { Directory } from '#src/gateway/directory.js';
import { wsProtocol } from '#src/gateway/protocols/ws-frame.js';
import type { Connection } from '#src/gateway/protocols/protocol.js';

export const CLIENTS_PER_GROUP = 10;

/** All that is looked at in here of a client's connection. */
const transport = { protocol: wsProtocol, bufferedBytes: 0 } as unknown as Connection;

export function newClient(id: number): ClientRecord {
  return new ClientRecord(id, transport, 0);
}

/** Clients with a uid each (`user-0`, …), and ten in each group (`room-0`, …). */
export function filledDirectory(size: number): Directory {
  const made = new Directory(0);
  for (let number = 0; number < size; number++) {
    const client = newClient(made.nextId());
    made.add(client);
    made.bind(client, `user-${number}`);
    made.join(client, `room-${Math.floor(number / CLIENTS_PER_GROUP)}`);
  }
  return made;
}

/** The same names again and again, from all over the directory: the processor's caches soon hold what is looked at. */
export function namesAllOver(prefix: 'user' | 'room', size: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${(index * 7919) % size}`);
}

/** Other names from all over the directory with every call: of a large one, no cache holds what is looked at. */
export function otherNames(prefix: 'user' | 'room', size: number, count: number): () => readonly string[] {
  const all = namesAllOver(prefix, size, Math.max(size, count));
  let start = 0;
  return () => {
    start = start + count > all.length ? 0 : start;
    start += count;
    return all.slice(start - count, start);
  };
}
