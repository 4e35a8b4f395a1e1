import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectionsView } from '#src/ops/view/connections-view.js';
import type { NodeStatus } from '#src/ops/requests/status.js';
import { statusView } from '#src/ops/view/status-view.js';
import { width } from '#src/ops/view/terminal-text.js';
import { connection, STATUS, worker } from '../group/fake-node.js';

describe('status', () => {
  it('shows what Workerman users look for', () => {
    assert.equal(
      statusView(STATUS, false).join('\n'),
      `\
gatewayworker 1.2.3   node.js v20.0.0   pid 4711   up 3 d 2 h

node         node-a                    load         0.31  0.22  0.18
roles        gateway, worker           memory       122 MB, heap 19.7 MB
clients      15,000 now, 1.23 M ever   turned away  0
messages in  987,654,321               too slow     0
messages out 9,876,543,210             silent       0
reloads      3                         bad input    0

listener             clients
ws://0.0.0.0:8282     14,900
text://0.0.0.0:8283      100

slot  thread  memory  clients  events  per s  errors  busy   queue    age  died
   0       1   32 MB     7450   123 M  81200       0     3  1.2 MB  12 ms     0
   1       2   32 MB     7450   123 M  81200       0     3  1.2 MB  12 ms     0`,
    );
  });

  it('shows the backbone where there is one, with what it has lost', () => {
    const backbone: NonNullable<NodeStatus['cluster']['backbone']> = {
      cell: 'eu',
      state: 'connected',
      since: 300,
      server: 'nats://10.0.0.9:4222',
      lastError: 'an old one',
      bufferedBytes: 0,
      published: 2,
      unsent: 0,
      followed: 4,
      cells: [
        {
          name: 'us',
          gateways: [
            { address: '10.1.0.1:2900', node: 'c', state: 'up' },
            { address: '10.1.0.2:2900', node: 'd', state: 'down' },
          ],
          received: 250_000,
          lost: 6,
          doubled: 0,
        },
      ],
    };
    const shown = (status: typeof backbone): string =>
      statusView({ ...STATUS, cluster: { ...STATUS.cluster, backbone: status } }, false).join('\n');
    assert.match(
      shown(backbone),
      /backbone {5}cell eu, connected to nats:\/\/10\.0\.0\.9:4222 for 5 min\nother cell +gateways +received +lost\nus +1 of 2 +250 k +6$/m,
    );
    const down = { ...backbone, state: 'down' as const, server: null, lastError: 'refused', unsent: 7 };
    assert.match(shown(down), /cell eu, down for 5 min, 7 given up\nrefused\n/);
    assert.doesNotMatch(statusView(STATUS, false).join('\n'), /backbone/);
  });

  it('shows until when certificates are valid, where there are some', () => {
    const [first, second] = STATUS.listeners;
    const validTo = '2027-02-03T10:00:00.000Z';
    const url = `text+unix:/run/${'long/'.repeat(20)}chat.sock`;
    const lines = statusView(
      { ...STATUS, listeners: [first, { ...second, url, certificate: { validTo } }] },
      false,
    );
    const table = lines.slice(lines.findIndex((line) => line.startsWith('listener')));
    assert.deepEqual(table.slice(0, 3), [
      'listener                                            clients  certificate',
      'ws://0.0.0.0:8282                                    14,900  -',
      'text+unix:/run/long/long/long/long/long/long/long…      100  until 2027-02-03',
    ]);
  });

  it('says why a thread died and what it cost', () => {
    const workers = [
      {
        ...worker(0),
        state: 'down' as const,
        thread: null,
        restarts: 2,
        lost: 3,
        lastExit: 'boom\n    at x',
      },
      worker(1),
    ];
    const counters = { ...STATUS.counters, workerMessagesDropped: 1234 };
    const lines = statusView({ ...STATUS, counters, workers }, false);
    assert.equal(lines.at(-1), 'slot 0: 3 events lost; last died of boom');
    assert.equal(lines.at(-2), 'messages between workers: 1,234 dropped; the log says why');
    assert.match(lines.at(-5) ?? '', /^ {3}0 {4}down /);
  });

  it('fits 80 columns, whatever has happened', () => {
    const counters = {
      ...STATUS.counters,
      refusedConnections: 987_654_321,
      messagesDropped: 987_654_321,
      slowClients: 987_654_321,
      heartbeatDrops: 987_654_321,
      refusals: { 'frame-too-large': 12_345_678, 'bad\u001b[31m-utf8': 123_456, handshake: 0 },
    };
    const busy = {
      ...worker(255),
      clients: 999_999,
      handled: Number.MAX_SAFE_INTEGER,
      perSecond: 999_999,
      errors: 999_999,
      pending: 9999,
      waitingBytes: 999_000_000,
      waitingFor: 3_600_000,
      restarts: 9999,
      lost: 1_000_000,
      lastExit: 'x'.repeat(500),
    };
    const name = '节点'.repeat(40);
    const lines = statusView({ ...STATUS, name, counters, workers: [busy] }, false);
    assert.ok(lines.join('\n').includes('12.3 M frame-too-large'));
    assert.ok(!lines.join('\n').includes('\u001b'));
    assert.deepEqual(
      lines.filter((line) => width(line) > 80),
      [],
    );
  });

  it('shows the nodes of a group, and whose the workers are', () => {
    const member = {
      name: 'chat#0',
      pid: 4712,
      state: 'up' as const,
      uptime: 266_460,
      memory: { rss: 122_400_000, heapUsed: 19_700_000, external: 3_000_000 },
      connections: 7500,
      messagesIn: 493_827_160,
      messagesOut: 4_938_271_600,
      workers: 1,
      restarts: 0,
      lastExit: null,
    };
    const members = [
      member,
      {
        ...member,
        name: 'chat#1',
        pid: null,
        state: 'down' as const,
        restarts: 2,
        lastExit: 'signal SIGKILL',
      },
    ];
    const workers = [
      { ...worker(0), member: 0 },
      { ...worker(0), member: 1, lastExit: 'boom' },
    ];
    const lines = statusView({ ...STATUS, members, workers }, false);
    assert.equal(
      lines.slice(lines.findIndex((line) => line.startsWith('node   pid'))).join('\n'),
      `\
node   pid  state       up  memory  workers  clients     in     out  died
   0  4712  up     3 d 2 h  122 MB        1     7500  494 M  4.94 G     0
   1        down   3 d 2 h  122 MB        1     7500  494 M  4.94 G     2

node slot thread memory clients events per s errors busy  queue   age died
   0    0      1  32 MB    7450  123 M 81200      0    3 1.2 MB 12 ms    0
   1    0      1  32 MB    7450  123 M 81200      0    3 1.2 MB 12 ms    0

node 1: last died with signal SIGKILL
node 1, slot 0: last died of boom`,
    );
    assert.deepEqual(
      lines.filter((line) => width(line) > 80),
      [],
    );
  });

  it('shows the Register of a node that has no other role, and no tables of what it has not', () => {
    const status = {
      ...STATUS,
      roles: ['register'],
      listeners: [],
      workers: [],
      cluster: {
        ...STATUS.cluster,
        register: { address: '10.0.0.1:1236', gateways: ['10.0.0.2:2900'], workers: 3 },
      },
    };
    const lines = statusView(status, false).slice(-2);
    assert.deepEqual(lines, ['', 'Register at 10.0.0.1:1236: 1 gateway, 3 listeners']);
    assert.ok(!statusView(status, false).some((line) => /^(listener|slot) /.test(line)));
  });

  it('has a column for messages that did not fit, where there are any', () => {
    assert.match(withRefused(7), / errors +refused +busy /);
    assert.doesNotMatch(withRefused(0), /refused +busy/);
  });

  it('is coloured when asked', () => {
    const workers = [{ ...worker(0), errors: 5, waitingFor: 5000 }];
    const text = statusView({ ...STATUS, workers }, true).join('\n');
    assert.ok(text.includes('\u001b[31m     5\u001b[39m'), 'errors in red');
    assert.ok(text.includes('\u001b[33m5.0 s\u001b[39m'), 'a long wait in yellow');
  });
});

function withRefused(refused: number): string {
  return statusView({ ...STATUS, workers: [{ ...worker(0), refused }] }, false).join('\n');
}

describe('connections', () => {
  it('shows each, and how many more there are', () => {
    const page = {
      total: 15_000,
      offset: 98,
      connections: [
        {
          ...connection(1),
          uid: '12',
          groups: ['lobby', '聊天室'],
          bytesIn: 1234,
          bytesOut: 5_678_900,
          buffered: 10,
        },
        { ...connection(2), remoteAddress: '::1', uid: '\u001b]0;x\u0007' },
        { ...connection(3), remoteAddress: 'unix:', remotePort: 0 },
      ],
    };
    assert.equal(
      connectionsView(page, false).join('\n'),
      `\
client id             uid           groups         protocol  address               in      out  buffered
7f00000108fc00000001  12            lobby, 聊天室  ws        127.0.0.1:40001  1.23 kB  5.68 MB      10 B
7f00000108fc00000002  \\x1b]0;x\\x07  -              ws        [::1]:40002          0 B      0 B       0 B
7f00000108fc00000003  -             -              ws        unix:                0 B      0 B       0 B
… 14,899 more, see --offset 101`,
    );
  });

  it('says so when there are none', () => {
    assert.deepEqual(connectionsView({ total: 0, offset: 0, connections: [] }, false), ['No connections.']);
    assert.deepEqual(connectionsView({ total: 1200, offset: 5000, connections: [] }, false), [
      'No connections from 5,000: there are 1,200.',
    ]);
  });

  it('cuts long uids and lists of groups', () => {
    const groups = Array.from({ length: 10_000 }, (_, index) => `group-${index}`);
    const [, line] = connectionsView(
      { total: 1, offset: 0, connections: [{ ...connection(1), uid: 'u'.repeat(1000), groups }] },
      false,
    );
    assert.ok(width(line) <= 120, line);
    assert.match(line, /uuuu… {2}group-0, group-1, group…/);
  });
});
