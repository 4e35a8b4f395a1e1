import assert from 'node:assert/strict';
import type { Directory } from '#src/gateway/directory.js';
import { CLIENTS_PER_GROUP, filledDirectory, namesAllOver } from './filled-directory.js';
import type { Suite, Task } from './suite.js';

const COUNT = 1000;

/** Clients with a uid each, and ten in each group: what a look-up costs must not depend on how many there are. */
export const directory: Suite = {
  name: 'directory',
  title: 'look-ups in the directory',
  prepare() {
    const large = filledDirectory(1_000_000);
    const small = filledDirectory(1000);
    return [
      uidTask('one uid among 1,000,000', large),
      uidTask('one uid among 1,000', small),
      groupTask('a group of 10 among 100,000 groups', large),
      groupTask('a group of 10 among 100 groups', small),
      scanTask('a group of 10 by asking 1,000 clients', small),
    ];
  },
};

function uidTask(name: string, clients: Directory): Task {
  const wanted = namesAllOver('user', clients.size, COUNT);
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
  const wanted = namesAllOver('room', clients.size / CLIENTS_PER_GROUP, COUNT);
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
  const wanted = namesAllOver('room', clients.size / CLIENTS_PER_GROUP, COUNT / 10);
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
