import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '#src/config/load.js';
import { configFolder, loadJson, refusal } from '../support/config-folder.js';
import { ROOT } from '../support/package-project.js';

const servers = ['nats://127.0.0.1:4222'];
const name = 'eu-1';
const TWO_CELLS = join(ROOT, 'docs/examples/two-cells');
const password = 'hunter2';
/** Of its form, and of nobody. */
const seed = `SU${'A'.repeat(56)}`;

describe('a configuration of a backbone', () => {
  it('is none without its key', async (test) => {
    assert.equal((await loadJson(test, {})).config.cluster.backbone, undefined);
  });

  it('needs servers and a name, and has defaults for the rest', async (test) => {
    const { config } = await loadJson(test, { cluster: { backbone: { servers, name } } });
    assert.deepEqual(config.cluster.backbone, { servers, name, prefix: 'gatewayworker', events: [] });
  });

  it('has absolute paths, but for a seed, which is none', async (test) => {
    const backbone = async (more: object) => {
      const { config, file } = await loadJson(test, { cluster: { backbone: { servers, name, ...more } } });
      assert.ok(file && config.cluster.backbone);
      return { ...config.cluster.backbone, folder: dirname(file) };
    };
    const tls = { ca: 'ca.pem', cert: '../cert.pem', key: '/key.pem' };
    const { folder, ...found } = await backbone({ tls, credentials: 'node.creds' });
    assert.deepEqual(found.tls, {
      ca: join(folder, 'ca.pem'),
      cert: join(folder, '../cert.pem'),
      key: '/key.pem',
    });
    assert.equal(found.credentials, join(folder, 'node.creds'));
    const file = await backbone({ nkey: 'node.nk' });
    assert.equal(file.nkey, join(file.folder, 'node.nk'));
    assert.equal((await backbone({ nkey: seed })).nkey, seed);
  });

  it('joins the two cells of the example in docs', async () => {
    const [left, right] = await Promise.all(
      ['left', 'right'].map((cell) => loadConfig({ cwd: TWO_CELLS, file: `${cell}.json`, env: {} })),
    );
    const [one, other] = [left.config, right.config];
    assert.ok(one.gateway && other.gateway && one.cluster.backbone && other.cluster.backbone);
    assert.deepEqual(one.cluster.backbone.servers, other.cluster.backbone.servers);
    assert.notEqual(one.cluster.backbone.name, other.cluster.backbone.name);
    assert.notEqual(one.gateway.lanPort, other.gateway.lanPort);
    assert.notEqual(one.gateway.listen[0].url, other.gateway.listen[0].url);
  });

  const accepted: ReadonlyArray<readonly [title: string, backbone: object, more?: object]> = [
    ['servers without a port, by name and of IPv6', { servers: ['nats://localhost', 'nats://[::1]:4222'] }],
    ['TLS with the authorities of the machine', { tls: {} }],
    ['TLS and nothing else', { servers: ['tls://127.0.0.1:4222'], tls: { ca: 'ca.pem' } }],
    ['a user', { user: 'node', password }],
    ['a token', { token: password }],
    ['events', { events: ['message', 'connect', 'close'] }],
    ['a prefix of several words', { prefix: 'shop.chat-2' }],
    [
      'a server elsewhere',
      { servers: ['nats://nats.example.com:4222'] },
      { gateway: { lanIp: '10.0.0.1' }, register: false },
    ],
    ['a node of workers', { servers: ['nats://10.0.0.9'] }, { gateway: false }],
    ['any free port that a Register hears of', {}, { gateway: { lanPort: 0 } }],
  ];
  for (const [title, backbone, more] of accepted) {
    it(`may have ${title}`, async (test) => {
      const value = { ...more, cluster: { backbone: { servers, name, ...backbone } } };
      assert.ok((await loadJson(test, value)).config.cluster.backbone);
    });
  }

  const url =
    'expected nats://host:port or tls://host:port, without user and password, such as nats://10.0.0.1:4222';
  const word = 'expected a name of letters, digits, "-" and "_", such as "eu-1"';
  const words =
    'expected words of letters, digits, "-" and "_" with dots between them, such as "chat" or "shop.chat"';
  const address = 'expected an address that no gateway of another cell has: it is part of every client id';
  const refused: ReadonlyArray<readonly [title: string, backbone: object, more: object, ...lines: string[]]> =
    [
      [
        'nothing in it',
        { servers: undefined, name: undefined },
        {},
        'cluster.backbone.name: missing, expected a name of letters, digits, "-" and "_", such as "eu-1"',
        'cluster.backbone.servers: missing, expected a list such as ["nats://10.0.0.1:4222"]',
      ],
      [
        'no server',
        { servers: [] },
        {},
        'cluster.backbone.servers: found an empty list, expected a list such as ["nats://10.0.0.1:4222"]',
      ],
      [
        'a server that is no list',
        { servers: 'nats://a:4222' },
        {},
        'cluster.backbone.servers: found "nats://a:4222", expected a list such as ["nats://10.0.0.1:4222"]',
      ],
      ...[
        '10.0.0.1:4222',
        'ws://10.0.0.1:80',
        'nats://a,nats://b',
        'nats://a:0',
        'nats://a:65536',
        'nats://a/',
      ].map(
        (server) =>
          [
            `the server ${server}`,
            { servers: [server] },
            {},
            `cluster.backbone.servers[0]: found "${server}", ${url}`,
          ] as const,
      ),
      [
        'a password in a url',
        { servers: [`nats://node:${password}@127.0.0.1:4222`] },
        {},
        `cluster.backbone.servers[0]: found a hidden value, ${url}`,
      ],
      [
        'servers with TLS and without',
        { servers: ['nats://127.0.0.1:4222', 'tls://127.0.0.1:4223'] },
        {},
        'cluster.backbone.servers: found nats://127.0.0.1:4222 and tls://127.0.0.1:4223, expected all with tls:// or all with nats://: they are servers of one NATS',
      ],
      ...['', 'eu.1', 'eu 1', 'eu>', 'é'].map(
        (cell) =>
          [
            `the name "${cell}"`,
            { name: cell },
            {},
            `cluster.backbone.name: found "${cell}", ${word}`,
          ] as const,
      ),
      ...['', '.', 'a..b', 'a.*', 'a b', '>', '$SYS'].map(
        (prefix) =>
          [
            `the prefix "${prefix}"`,
            { prefix },
            {},
            `cluster.backbone.prefix: found "${prefix}", ${words}`,
          ] as const,
      ),
      [
        'two ways to log in',
        { user: 'node', password, token: password },
        {},
        'cluster.backbone: found user and password, token, which are 2 ways to log in; expected one of them',
      ],
      [
        'a user alone',
        { user: 'node' },
        {},
        'cluster.backbone.password: missing, expected a string: there is a user',
      ],
      [
        'a password alone',
        { password },
        {},
        'cluster.backbone.user: missing, expected a string: there is a password',
      ],
      [
        'an empty password',
        { user: 'node', password: '' },
        {},
        'cluster.backbone.password: found a hidden value, expected a string that is not empty',
      ],
      [
        'a misspelt password',
        { user: 'node', pasword: password, password: 'x' },
        {},
        'cluster.backbone.pasword: unknown key (found a string), did you mean "password"?',
      ],
      ...[`U${'A'.repeat(55)}`, `SA${'A'.repeat(56)}`, `-----BEGIN USER NKEY SEED-----\n${seed}`].map(
        (nkey) =>
          [
            `the nkey ${nkey.slice(0, 10)}…`,
            { nkey },
            {},
            'cluster.backbone.nkey: found a key that is no seed of a user, expected SU and 56 letters and digits behind it, or the path of a file that has them',
          ] as const,
      ),
      [
        'credentials themselves',
        { credentials: `-----BEGIN NATS USER JWT-----\n${password}` },
        {},
        'cluster.backbone.credentials: found the text of credentials, expected the path of a file that has it',
      ],
      [
        'a certificate without its key',
        { tls: { cert: 'cert.pem' } },
        {},
        'cluster.backbone.tls.key: missing, expected a file: there is a cert, and one is of no use without the other',
      ],
      [
        'a certificate itself',
        { tls: { ca: `-----BEGIN CERTIFICATE-----\n${password}` } },
        {},
        'cluster.backbone.tls.ca: found PEM text, expected the path of a file that has it',
      ],
      [
        'an event that there is not',
        { events: ['conect'] },
        {},
        'cluster.backbone.events[0]: found "conect", expected one of "connect", "close", "message"; did you mean "connect"?',
      ],
      [
        'an event twice',
        { events: ['close', 'close'] },
        {},
        'cluster.backbone.events: found a list, expected a list of different ones of "connect", "close", "message"',
      ],
      [
        'a server elsewhere and an address that every node has',
        { servers: ['nats://127.0.0.1', 'nats://10.0.0.9:4222'] },
        {},
        `gateway.lanIp: found "127.0.0.1" while cluster.backbone.servers has nats://10.0.0.9:4222; ${address}`,
      ],
      [
        'every address as the one in client ids',
        {},
        { gateway: { lanIp: '0.0.0.0' }, register: false },
        `gateway.lanIp: found "0.0.0.0", ${address}`,
      ],
      [
        'a port that is not opened and so stays 0',
        {},
        { gateway: { lanPort: 0 }, register: false },
        'gateway.lanPort: found 0 with cluster.backbone and without a Register; expected a number: no port is opened, and lanIp and lanPort tell this gateway from those of other cells',
      ],
    ];
  for (const [title, backbone, more, ...lines] of refused) {
    it(`with ${title} is refused`, async (test) => {
      const value = { ...more, cluster: { backbone: { servers, name, ...backbone } } };
      const message = await refusal(loadJson(test, value));
      assert.deepEqual(
        message.split('\n').slice(1).toSorted(),
        lines.map((line) => `  ${line}`),
      );
      assert.ok(!message.includes(password) && !message.includes(seed));
    });
  }

  it('that the schema has refused is still looked at', async (test) => {
    for (const backbone of [7, null, [], { servers: 7, name: 7, nkey: 7, tls: 7, events: 7 }])
      assert.match(await refusal(loadJson(test, { cluster: { backbone } })), /cluster\.backbone/);
  });

  it('may come from the environment, which shows no secret either', async (test) => {
    const cwd = await configFolder(test);
    const env = {
      GW_CLUSTER_BACKBONE_SERVERS: JSON.stringify(servers),
      GW_CLUSTER_BACKBONE_NAME: name,
      GW_CLUSTER_BACKBONE_USER: 'node',
      GW_CLUSTER_BACKBONE_PASSWORD: password,
    };
    const { config } = await loadConfig({ cwd, env });
    assert.deepEqual(config.cluster.backbone, {
      servers,
      name,
      user: 'node',
      password,
      prefix: 'gatewayworker',
      events: [],
    });
    const wrong = { ...env, GW_CLUSTER_BACKBONE_SERVERS: `nats://node:${password}@a` };
    const message = await refusal(loadConfig({ cwd, env: wrong }));
    assert.match(message, /GW_CLUSTER_BACKBONE_SERVERS: found a hidden value, which is not JSON/);
    assert.ok(!message.includes(password));
  });
});
