import assert from 'node:assert/strict';
import { Client } from '#src/gateway/client.js';
import { Directory } from '#src/gateway/directory.js';
import type { ClientTransport } from '#src/gateway/protocols/protocol.js';
import type { Suite, Task } from './suite.js';

const CLIENTS_PER_GROUP = 10;
const COUNT = 1000;

/** The directory never looks at a client's connection. */
const transport = {} as ClientTransport;

/** Clients with a uid each, and ten in each group: what a look-up costs must not depend on how many there are. */
export const directory: Suite = {
  name: 'directory',
  title: 'look-ups in the directory',
  prepare() {
    const large = filled(1_000_000);
    const small = filled(1000);
    return [
      uidTask('one uid among 1,000,000', large),
      uidTask('one uid among 1,000', small),
      groupTask('a group of 10 among 100,000 groups', large),
      groupTask('a group of 10 among 100 groups', small),
      scanTask('a group of 10 by asking 1,000 clients', small),
    ];
  },
};

function filled(size: number): Directory {
  const made = new Directory(0);
  for (let number = 0; number < size; number++) {
    const client = new Client(made.nextId(), transport, 0);
    made.add(client);
    made.bind(client, `user-${number}`);
    made.join(client, `room-${Math.floor(number / CLIENTS_PER_GROUP)}`);
  }
  return made;
}

/** Names from all over the directory, so that the processor's caches hold no more of them than in a real run. */
function names(prefix: string, size: number): string[] {
  return Array.from({ length: COUNT }, (_, index) => `${prefix}-${(index * 7919) % size}`);
}

function uidTask(name: string, clients: Directory): Task {
  const wanted = names('user', clients.size);
  return {
    name,
    operations: COUNT,
    run() {
      let found = 0;
      for (const uid of wanted) for (const client of clients.withUid(uid)) found += client.gone ? 0 : 1;
      assert.equal(found, COUNT);
    },
  };
}

function groupTask(name: string, clients: Directory): Task {
  const wanted = names('room', clients.size / CLIENTS_PER_GROUP);
  return {
    name,
    operations: COUNT,
    run() {
      let found = 0;
      for (const group of wanted) for (const client of clients.withGroup(group)) found += client.gone ? 0 : 1;
      assert.equal(found, COUNT * CLIENTS_PER_GROUP);
    },
  };
}

function scanTask(name: string, clients: Directory): Task {
  const wanted = names('room', clients.size / CLIENTS_PER_GROUP).slice(0, COUNT / 10);
  return {
    name,
    operations: wanted.length,
    run() {
      let found = 0;
      for (const group of wanted) {
        for (const client of clients.clients()) found += client.groups?.has(group) === true ? 1 : 0;
      }
      assert.equal(found, wanted.length * CLIENTS_PER_GROUP);
    },
  };
}
