import assert from 'node:assert/strict';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import { newInstance, nodeFiles, socketOf } from '#src/ops/process/node-files.js';

describe("a node's files", () => {
  it('is beside its configuration', () => {
    assert.deepEqual(nodeFiles('/srv/chat/node-a.yaml', '/home/me', ''), {
      folder: '/srv/chat/.gatewayworker',
      pidFile: '/srv/chat/.gatewayworker/node-a.pid',
      supervisorPidFile: '/srv/chat/.gatewayworker/node-a.supervisor.pid',
      log: '/srv/chat/node-a.log',
    });
  });

  it('stays the same when a first configuration is added', () => {
    assert.deepEqual(
      nodeFiles('/srv/gatewayworker.config.ts', '/home', ''),
      nodeFiles(undefined, '/srv', ''),
    );
    assert.equal(nodeFiles(undefined, '/srv', '').log, '/srv/gatewayworker.log');
  });

  it('is in stateDir, with the log of a node in the background, when there is one', () => {
    assert.deepEqual(nodeFiles('/srv/chat/node-a.yaml', '/home/me', '/run/chat'), {
      folder: '/run/chat',
      pidFile: '/run/chat/node-a.pid',
      supervisorPidFile: '/run/chat/node-a.supervisor.pid',
      log: '/run/chat/node-a.log',
    });
  });

  it('has a socket of a name that nothing else has', () => {
    assert.equal(socketOf('/srv/.gatewayworker/a.pid', 'x1', 'linux'), '/srv/.gatewayworker/a.x1.sock');
    assert.equal(
      socketOf('/srv/.gatewayworker/a.supervisor.pid', 'x1', 'darwin'),
      '/srv/.gatewayworker/a.supervisor.x1.sock',
    );
    const names = new Set(Array.from({ length: 100 }, () => newInstance()));
    assert.equal(names.size, 100);
  });

  it('has a short socket where the path would be too long', () => {
    const deep = join('/srv', '深'.repeat(30), '.gatewayworker');
    const path = socketOf(join(deep, 'a.pid'), 'x1', 'linux');
    assert.match(path, new RegExp(`^${tmpdir()}/gatewayworker-[0-9a-f]{16}-x1\\.sock$`));
    assert.notEqual(path, socketOf(join(deep, 'b.pid'), 'x1', 'linux'));
    // a byte decides
    const longest = `/${'x'.repeat(86)}/a.pid`;
    assert.equal(Buffer.byteLength(socketOf(longest, '12345678', 'linux')), 103);
    assert.ok(socketOf(longest, '123456789', 'linux').startsWith(tmpdir()));
  });

  it('has a named pipe on Windows', () => {
    assert.match(
      socketOf('C:\\chat\\.gatewayworker\\a.pid', 'x1', 'win32'),
      /^\\\\\.\\pipe\\gatewayworker-[0-9a-f]{16}-x1$/,
    );
  });
});
