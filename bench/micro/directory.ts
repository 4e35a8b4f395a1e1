import assert from 'node:assert/strict';
import type { Directory } from '#src/gateway/directory.js';
import { CLIENTS_PER_GROUP, filledDirectory, namesAllOver, otherNames } from './filled-directory.js';
import type { Suite, Task } from './suite.js';

const COUNT = 1000;

/**
 * Clients with a uid each, and ten in each group: a look-up takes as many steps however many there are. What it costs beyond
 * that among many is memory that no cache holds, as a plain map of that size shows.
 */
export const directory: Suite = {
  name: 'directory',
  title: 'look-ups in the directory',
  prepare() {
    const large = filledDirectory(1_000_000);
    const small = filledDirectory(1000);
    return [
      uidTask('one uid among 1,000,000, another each time', large, otherNames('user', large.size, COUNT)),
      uidTask('one uid among 1,000,000, of 1,000 that are in use', large),
      uidTask('one uid among 1,000', small),
      mapTask('a plain map of 1,000,000, another each time', large, otherNames('user', large.size, COUNT)),
      mapTask('a plain map of 1,000,000, of 1,000 that are in use', large),
      groupTask('a group of 10 among 100,000 groups', large),
      groupTask('a group of 10 among 100 groups', small),
      scanTask('a group of 10 by asking 1,000 clients', small),
    ];
  },
};

type Names = () => readonly string[];

/** The names of as many users as are looked up in one run. */
function inUse({ size }: Directory): Names {
  const names = namesAllOver('user', size, COUNT);
  return () => names;
}

function uidTask(name: string, clients: Directory, wanted: Names = inUse(clients)): Task {
  return {
    name,
    operations: COUNT,
    run() {
      let found = 0;
      for (const uid of wanted()) for (const client of clients.withUid(uid)) found += client.gone ? 0 : 1;
      assert.equal(found, COUNT);
    },
  };
}

function mapTask(name: string, clients: Directory, wanted: Names = inUse(clients)): Task {
  const map = new Map(Array.from(clients.clients(), (client) => [client.uid, client]));
  return {
    name,
    operations: COUNT,
    run() {
      let found = 0;
      for (const uid of wanted()) found += map.get(uid)?.gone === false ? 1 : 0;
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
