import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientRecord } from '#src/gateway/client-record.js';
import { Directory } from '#src/gateway/directory.js';
import type { Connection } from '#src/gateway/protocols/protocol.js';
import { searchClients } from '#src/node/client-search.js';
import { searchNames } from '#src/node/name-search.js';
import type { ClientQuery } from '#src/ops/requests/clients.js';
import { formatClientId } from '#src/wire/client-id.js';

const QUERY: ClientQuery = { after: '', limit: 50, search: '', group: '', uid: '', waiting: false };

/** A gateway's directory with so many clients, numbered from 1: each has a uid, and is in one of ten groups. */
function crowd(size: number) {
  const directory = new Directory(0);
  for (let number = 1; number <= size; number++) add(directory, `user ${number}`, `room ${number % 10}`);
  return { directory, clientIdOf };
}

function clientIdOf({ id }: ClientRecord): string {
  return formatClientId(0x7f000001, 2900, id);
}

function add(directory: Directory, uid: string, group: string, buffered = 0): ClientRecord {
  const connection = {
    protocol: { name: 'ws' },
    remoteAddress: '10.0.0.1',
    remotePort: 40_000,
    bytesIn: 1,
    bytesOut: 2,
    bufferedBytes: buffered,
  } as unknown as Connection;
  const client = new ClientRecord(directory.nextId(), connection, 1);
  directory.add(client);
  directory.bind(client, uid);
  directory.join(client, group);
  return client;
}

/** The uids of every page, one after another. @param between called between two of them */
async function read(
  gateway: ReturnType<typeof crowd>,
  query: Partial<ClientQuery>,
  between: () => void = () => {},
): Promise<(string | null)[]> {
  const uids: (string | null)[] = [];
  let after: string | null = '';
  while (after !== null) {
    const list = await searchClients(gateway, { ...QUERY, ...query, after });
    uids.push(...list.clients.map(({ uid }) => uid));
    after = list.next;
    between();
  }
  return uids;
}

describe('a list of clients', () => {
  it('is read page by page, each client once', async () => {
    const uids = await read(crowd(107), { limit: 20 });
    assert.deepEqual(
      uids,
      Array.from({ length: 107 }, (_, index) => `user ${index + 1}`),
    );
  });

  it('goes on where it was while others come and go', async () => {
    const gateway = crowd(100);
    let pages = 0;
    const uids = await read(gateway, { limit: 10 }, () => {
      // one that has been read, and one that has not
      for (const id of [1 + pages, 100 - pages])
        gateway.directory.remove(gateway.directory.get(id) as ClientRecord);
      pages++;
      if (pages === 1) add(gateway.directory, 'late', 'room 1');
    });
    assert.deepEqual(new Set(uids).size, uids.length);
    assert.ok(uids.includes('late'));
    for (let number = 1; number <= 90; number++) assert.ok(uids.includes(`user ${number}`), `user ${number}`);
  });

  it('goes on from its place when the client is gone that said where it was', async () => {
    const gateway = crowd(30);
    const { next } = await searchClients(gateway, { ...QUERY, limit: 10 });
    gateway.directory.remove(gateway.directory.get(10) as ClientRecord);
    const { clients } = await searchClients(gateway, { ...QUERY, limit: 2, after: next ?? '' });
    assert.deepEqual(
      clients.map(({ uid }) => uid),
      // the place of the one that is gone has the next one: at most so many are passed over as are gone
      ['user 12', 'user 13'],
    );
  });

  it('has those that are searched for, in whatever case, and takes no text for a pattern', async () => {
    const gateway = crowd(40);
    add(gateway.directory, 'Ann (.*) [x]', 'room 1');
    assert.deepEqual(await read(gateway, { search: 'USER 3' }), [
      'user 3',
      ...Array.from({ length: 10 }, (_, index) => `user ${30 + index}`),
    ]);
    assert.deepEqual(await read(gateway, { search: '(.*) [X]' }), ['Ann (.*) [x]']);
    assert.equal((await read(gateway, { search: '10.0.0.1:40000' })).length, 41);
    assert.deepEqual(await read(gateway, { search: '7f0000010b5400000002' }), ['user 2']);
  });

  it('has those of a group, with a uid, or for whom something waits', async () => {
    const gateway = crowd(40);
    add(gateway.directory, 'user 1', 'room 2', 1000);
    assert.deepEqual(await read(gateway, { group: 'room 9', limit: 3 }), [
      'user 9',
      'user 19',
      'user 29',
      'user 39',
    ]);
    assert.equal((await read(gateway, { uid: 'user 1' })).length, 2);
    assert.deepEqual(await read(gateway, { waiting: true }), ['user 1']);
    assert.deepEqual(await read(gateway, { group: 'nobody is in it' }), []);
  });

  it('lets others have their turn, and gives an answer before it has looked through all', async () => {
    const gateway = crowd(100_000);
    let turns = 0;
    let looking = true;
    const count = (): void => {
      turns++;
      if (looking) setImmediate(count);
    };
    setImmediate(count);
    const { clients, looked, total, next } = await searchClients(gateway, { ...QUERY, search: 'user 99999' });
    looking = false;
    assert.deepEqual([clients.length, looked, total], [0, 50_000, 100_000]);
    assert.ok(turns > 1);
    const rest = await searchClients(gateway, { ...QUERY, search: 'user 99999', after: next ?? '' });
    assert.deepEqual([rest.clients[0].uid, rest.looked, rest.next], ['user 99999', 50_000, null]);
  });
});

describe('a list of names', () => {
  const query = { after: '', limit: 4, search: '' };

  it('is in order, with how many clients each has', async () => {
    const gateway = crowd(25);
    const first = await searchNames(gateway, { kind: 'groups', ...query });
    assert.deepEqual(first, {
      names: [0, 1, 2, 3].map((room) => ({ name: `room ${room}`, clients: room === 0 ? 2 : 3 })),
      next: 'room 3',
    });
    const last = await searchNames(gateway, { kind: 'groups', ...query, limit: 50, after: 'room 7' });
    assert.deepEqual(last, {
      names: [
        { name: 'room 8', clients: 2 },
        { name: 'room 9', clients: 2 },
      ],
      next: null,
    });
  });

  it('has those that are searched for', async () => {
    const { names } = await searchNames(crowd(25), { kind: 'uids', ...query, search: 'USER 2' });
    assert.deepEqual(
      names.map(({ name }) => name),
      ['user 2', 'user 20', 'user 21', 'user 22'],
    );
  });

  it('cuts the longest, and counts those together that begin the same', async () => {
    const gateway = crowd(0);
    const long = 'x'.repeat(100_000);
    for (const end of ['a', 'b']) add(gateway.directory, long + end, 'room');
    assert.deepEqual(await searchNames(gateway, { kind: 'uids', ...query }), {
      names: [{ name: 'x'.repeat(4096), clients: 2, cut: true }],
      next: null,
    });
  });
});
