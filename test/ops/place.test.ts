import assert from 'node:assert/strict';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import { placeOf, socketOf } from '#src/ops/place.js';

describe("a node's place", () => {
  it('is beside its configuration', () => {
    assert.deepEqual(placeOf('/srv/chat/node-a.yaml', '/home/me'), {
      folder: '/srv/chat/.gatewayworker',
      pidFile: '/srv/chat/.gatewayworker/node-a.pid',
      supervisorPidFile: '/srv/chat/.gatewayworker/node-a.supervisor.pid',
      log: '/srv/chat/node-a.log',
    });
  });

  it('stays the same when a first configuration is added', () => {
    assert.deepEqual(placeOf('/srv/gatewayworker.config.ts', '/home'), placeOf(undefined, '/srv'));
    assert.equal(placeOf(undefined, '/srv').log, '/srv/gatewayworker.log');
  });

  it("has a socket of this process's own", () => {
    assert.equal(socketOf('/srv/.gatewayworker/a.pid', 12, 'linux'), '/srv/.gatewayworker/a.12.sock');
    assert.equal(
      socketOf('/srv/.gatewayworker/a.supervisor.pid', 12, 'darwin'),
      '/srv/.gatewayworker/a.supervisor.12.sock',
    );
  });

  it('has a short socket where the path would be too long', () => {
    const deep = join('/srv', '深'.repeat(30), '.gatewayworker');
    const path = socketOf(join(deep, 'a.pid'), 12, 'linux');
    assert.match(path, new RegExp(`^${tmpdir()}/gatewayworker-[0-9a-f]{16}-12\\.sock$`));
    assert.notEqual(path, socketOf(join(deep, 'b.pid'), 12, 'linux'));
    // a byte decides
    const longest = `/${'x'.repeat(88)}/a.pid`;
    assert.equal(Buffer.byteLength(socketOf(longest, 123_456, 'linux')), 103);
    assert.ok(socketOf(longest, 1_234_567, 'linux').startsWith(tmpdir()));
  });

  it('has a named pipe on Windows', () => {
    assert.match(
      socketOf('C:\\chat\\.gatewayworker\\a.pid', 12, 'win32'),
      /^\\\\\.\\pipe\\gatewayworker-[0-9a-f]{16}-12$/,
    );
  });
});
