import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientRecord } from '#src/gateway/client-record.js';
import { Directory } from '#src/gateway/directory.js';
import { FakeTransport } from '../support/fake-transport.js';

function join(directory: Directory): ClientRecord {
  const client = new ClientRecord(directory.nextId(), new FakeTransport(), 0);
  directory.add(client);
  return client;
}

describe('the directory of clients', () => {
  it('begins at a random connection id, wraps, and skips 0 and ids in use', () => {
    assert.notEqual(new Directory().nextId(), new Directory().nextId());
    const directory = new Directory(0xffff_fffd);
    assert.deepEqual(
      [join(directory), join(directory), join(directory)].map(({ id }) => id),
      [0xffff_fffe, 0xffff_ffff, 1],
    );
    const again = new Directory(0xffff_fffd);
    again.add(new ClientRecord(0xffff_ffff, new FakeTransport(), 0));
    again.add(new ClientRecord(1, new FakeTransport(), 0));
    assert.deepEqual([again.nextId(), again.nextId()], [0xffff_fffe, 2]);
  });

  it('a uid has any number of clients, a client one uid', () => {
    const directory = new Directory();
    const [a, b] = [join(directory), join(directory)];
    directory.bind(a, 'x');
    directory.bind(b, 'x');
    directory.bind(b, 'x');
    assert.deepEqual([...directory.withUid('x')], [a, b]);
    directory.bind(a, 'y');
    assert.deepEqual([...directory.withUid('x')], [b]);
    assert.deepEqual([...directory.withUid('y')], [a]);
    directory.unbind(a);
    directory.unbind(a);
    assert.equal([...directory.withUid('y')].length, 0);
    assert.equal(a.uid, undefined);
  });

  it('a client is in any number of groups, and an empty group is none', () => {
    const directory = new Directory();
    const [a, b] = [join(directory), join(directory)];
    for (const group of ['red', 'green', 'red']) directory.join(a, group);
    directory.join(b, 'red');
    assert.deepEqual([...directory.withGroup('red')], [a, b]);
    directory.leave(a, 'green');
    directory.leave(a, 'green');
    directory.leave(b, 'blue');
    assert.deepEqual([...directory.groups()], ['red']);
    directory.ungroup('red');
    assert.deepEqual([...directory.groups()], []);
    assert.equal(a.groups?.size, 0);
    directory.join(a, 'green');
    assert.deepEqual([...(a.groups ?? [])], ['green']);
    assert.equal(b.groups?.size, 0);
  });

  it('forgets a client with its uid and groups; its last event can still be told the uid', () => {
    const directory = new Directory();
    const [a, b] = [join(directory), join(directory)];
    for (const client of [a, b]) {
      directory.bind(client, 'x');
      directory.join(client, 'red');
    }
    directory.remove(a);
    assert.equal(directory.get(a.id), undefined);
    assert.deepEqual([...directory.clients()], [b]);
    assert.deepEqual([...directory.withUid('x')], [b]);
    assert.deepEqual([...directory.withGroup('red')], [b]);
    assert.equal(a.uid, 'x');
    directory.remove(b);
    assert.deepEqual(
      [directory.size, [...directory.withUid('x')].length, [...directory.groups()].length],
      [0, 0, 0],
    );
  });

  it('says when a uid or group gets its first client, and when it loses its last', () => {
    const directory = new Directory();
    const said: string[] = [];
    directory.listeners.add({
      added: (kind, name) => void said.push(`+${kind} ${name}`),
      removed: (kind, name) => void said.push(`-${kind} ${name}`),
    });
    const [a, b, c] = [join(directory), join(directory), join(directory)];
    for (const client of [a, b, c]) directory.bind(client, 'x');
    directory.bind(a, 'y');
    directory.bind(a, 'y');
    assert.deepEqual(said.splice(0), ['+uid x', '+uid y']);
    directory.unbind(b);
    directory.bind(c, 'z');
    assert.deepEqual(said.splice(0), ['-uid x', '+uid z']);

    for (const client of [a, b]) directory.join(client, 'red');
    directory.join(b, 'red');
    directory.leave(a, 'red');
    directory.leave(a, 'red');
    assert.deepEqual(said.splice(0), ['+group red']);
    directory.leave(b, 'red');
    assert.deepEqual(said.splice(0), ['-group red']);

    for (const client of [a, b]) directory.join(client, 'green');
    directory.ungroup('green');
    directory.ungroup('green');
    assert.deepEqual(said.splice(0), ['+group green', '-group green']);

    for (const client of [a, b]) directory.join(client, 'blue');
    for (const client of [a, b, c, c]) directory.remove(client);
    assert.deepEqual(said, ['+group blue', '-uid y', '-group blue', '-uid z']);
  });
});
