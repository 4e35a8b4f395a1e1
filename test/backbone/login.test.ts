import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { BackboneConnection } from '#src/backbone/nats-connection.js';
import { loadNats } from '#src/backbone/nats-library.js';
import type { NatsLogin } from '#src/backbone/login-options.js';
import { systemClock } from '#src/base/clock.js';
import { createLogger } from '#src/base/log.js';
import { readDocument } from '../support/documents.js';
import { fixture } from '../support/fixtures.js';
import { freePort } from '../support/free-port.js';
import { Inbox } from '../support/inbox.js';
import { NatsServer } from '../support/nats.js';
import { NatsAccount, newKey } from '../support/nats-jwt.js';
import { NodeLog } from '../support/node-log.js';
import { ROOT } from '../support/package-project.js';

const INFO = 30;
const password = 'hunter2';
const certificate = (name: string): string => fixture(`tls/${name}`);
const ca = certificate('ca.pem');
/** Of a server by the name of localhost. */
const TLS = `cert_file: "${certificate('chat.pem')}", key_file: "${certificate('chat.key')}"`;
const USER = `authorization: { user: node, password: ${password} }`;

/** What a node says as it connects with this login. */
async function connect(test: TestContext, login: NatsLogin): Promise<NodeLog> {
  return (await open(test, login)).log;
}

async function open(
  test: TestContext,
  login: NatsLogin,
): Promise<{ connection: BackboneConnection; log: NodeLog }> {
  const log = new NodeLog();
  const connection = new BackboneConnection({
    nats: await loadNats(),
    login,
    name: 'a test',
    pingInterval: 5000,
    clock: systemClock,
    log: createLogger({ level: 'trace', destination: log }),
    owner: { connected: () => {}, unreached: () => {}, disconnected: () => {} },
  });
  test.after(() => connection.close(1000));
  connection.open();
  return { connection, log };
}

/** A server that is none of NATS. @returns its port */
async function listen(test: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer(onSocket).listen(0, '127.0.0.1');
  test.after(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** By the name that its certificate has. */
const byName = ({ port }: NatsServer, scheme = 'nats'): string => `${scheme}://localhost:${port}`;

/** By an address that others might reach it by, for all that a node knows. */
const byAddress = ({ port }: NatsServer): string => `nats://[::ffff:127.0.0.1]:${port}`;

describe('the backbone logs in', () => {
  const ways: ReadonlyArray<
    readonly [title: string, config: string, login: (server: NatsServer) => Omit<NatsLogin, 'servers'>]
  > = [
    ['without anything, where that is enough', '', () => ({})],
    ['by user and password', USER, () => ({ user: 'node', password })],
    ['by a token', `authorization: { token: ${password} }`, () => ({ token: password })],
    ['over TLS', `tls: { ${TLS} }`, () => ({ tls: { ca } })],
    [
      'over TLS, by user and password',
      `tls: { ${TLS} }\n${USER}`,
      () => ({ tls: { ca }, user: 'node', password }),
    ],
    [
      'by a certificate',
      `tls: { ${TLS}, ca_file: "${ca}", verify_and_map: true }\nauthorization: { users: [{ user: "device-7.test" }] }`,
      () => ({ tls: { ca, cert: certificate('device.pem'), key: certificate('device.key') } }),
    ],
  ];
  for (const [title, config, login] of ways) {
    it(title, async (test) => {
      const server = await NatsServer.start(test, config);
      const log = await connect(test, { servers: [byName(server)], ...login(server) });
      await log.logged(`the backbone is there, by ${byName(server)}`);
      assert.ok(log.lines.every(({ level }) => level <= INFO));
    });
  }

  it('by the seed of an nkey, and by a file that has it', async (test) => {
    const { seed, publicKey } = newKey();
    const server = await NatsServer.start(test, `authorization: { users: [{ nkey: ${publicKey} }] }`);
    const file = join(server.folder, 'node.nk');
    await writeFile(file, `# of this node\n${seed}\n`);
    for (const nkey of [seed, file]) {
      const log = await connect(test, { servers: [server.url], nkey });
      await log.logged('the backbone is there');
    }
  });

  it('by a file of credentials, and by the one that has taken its place', async (test) => {
    const account = new NatsAccount();
    const server = await NatsServer.start(test, account.config);
    const credentials = join(server.folder, 'node.creds');
    await writeFile(credentials, account.newUser().credentials);
    const log = await connect(test, { servers: [server.url], credentials });
    await log.logged('the backbone is there');

    const another = new NatsAccount();
    await server.down();
    await server.configure(another.config);
    await writeFile(credentials, another.newUser().credentials);
    await server.up();
    await log.logged('the backbone is there');
    assert.ok(log.lines.every(({ msg }) => !msg.includes('refuses')));
  });

  it('over TLS by an address that the certificate has, with nothing but tls:// in the url', async (test) => {
    const server = await NatsServer.prepare(test);
    const file = (name: string): string => join(server.folder, name);
    execFileSync(
      'openssl',
      [
        'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' '),
        ['-subj', '/CN=tests only', '-addext', 'subjectAltName=IP:127.0.0.1'],
        ['-keyout', file('server.key'), '-out', file('server.pem')],
      ].flat(),
      { stdio: 'ignore' },
    );
    await server.configure('tls: { cert_file: server.pem, key_file: server.key }');
    await server.up();
    const log = await connect(test, {
      servers: [`tls://127.0.0.1:${server.port}`],
      tls: { ca: file('server.pem') },
    });
    await log.logged(`the backbone is there, by tls://127.0.0.1:${server.port}`);
  });
});

describe('a server of the backbone that does not let a node in is named in the log, with what to do', () => {
  const refusals: ReadonlyArray<
    readonly [title: string, config: string, login: Omit<NatsLogin, 'servers'>, says: string, scheme?: string]
  > = [
    [
      'a wrong password',
      USER,
      { user: 'node', password: 'hunter3' },
      'it refuses the user "node" with this password: expected one of its configuration in cluster.backbone.user and password',
    ],
    [
      'no login',
      USER,
      {},
      'it lets nobody in without a login: set user and password, token, nkey or credentials in cluster.backbone',
    ],
    [
      'a wrong token',
      'authorization: { token: hunter2 }',
      { token: 'hunter3' },
      'it refuses the token: expected that of its configuration in cluster.backbone.token',
    ],
    [
      'an authority that nobody knows',
      `tls: { ${TLS} }`,
      { tls: {} },
      'nobody whom this machine trusts has signed its certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE): name the file of its authority in cluster.backbone.tls.ca',
    ],
    [
      'an authority that nobody knows, where no TLS was asked for',
      `tls: { ${TLS} }`,
      {},
      'nobody whom this machine trusts has signed its certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE): name the file of its authority in cluster.backbone.tls.ca',
    ],
    [
      'another authority',
      `tls: { ${TLS} }`,
      { tls: { ca: certificate('stranger-ca.pem') } },
      `its certificate is not signed by the authority in ${certificate('stranger-ca.pem')}, which cluster.backbone.tls.ca names (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`,
    ],
    [
      'a certificate of another host',
      `tls: { cert_file: "${certificate('game.pem')}", key_file: "${certificate('game.key')}" }`,
      { tls: { ca } },
      "its certificate is for another host (Hostname/IP does not match certificate's altnames: Host: localhost. is not in the cert's altnames: DNS:game.test, DNS:*.games.test): use a name that it has in cluster.backbone.servers",
    ],
    [
      'a certificate that has expired',
      `tls: { cert_file: "${certificate('expired.pem')}", key_file: "${certificate('expired.key')}" }`,
      { tls: { ca } },
      'its certificate has expired',
    ],
    [
      'no TLS, where it is asked for',
      '',
      { tls: {} },
      "it speaks no TLS: give its configuration a tls block, or remove cluster.backbone.tls where the network is nobody else's",
    ],
    [
      'no TLS, where the url asks for it',
      '',
      {},
      "it speaks no TLS: give its configuration a tls block, or write nats:// in place of tls:// where the network is nobody else's",
      'tls',
    ],
    [
      'no certificate of the node',
      `tls: { ${TLS}, ca_file: "${ca}", verify: true }`,
      { tls: { ca } },
      'it wants a certificate of this node (ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE): name one that it trusts, and its key, in cluster.backbone.tls.cert and key',
    ],
    [
      'a certificate of the node that another authority has signed',
      `tls: { ${TLS}, ca_file: "${ca}", verify: true }`,
      { tls: { ca, cert: certificate('intruder.pem'), key: certificate('intruder.key') } },
      `it ended the connection at once: has its authority signed the certificate in ${certificate('intruder.pem')}?`,
    ],
  ];
  for (const [title, config, login, says, scheme] of refusals) {
    it(`for ${title}`, async (test) => {
      const server = await NatsServer.start(test, config);
      const log = await connect(test, { servers: [byName(server, scheme)], ...login });
      const { level, msg } = await log.logged('cannot be reached');
      assert.equal(level, 40);
      assert.equal(
        msg,
        `the backbone cannot be reached at ${byName(server, scheme)}: ${says}; it is tried again until it can`,
      );
      assert.ok(!JSON.stringify(log.lines).includes('hunter'));
    });
  }

  it('for an nkey that it does not know, by its public key', async (test) => {
    const { seed, publicKey } = newKey();
    const server = await NatsServer.start(
      test,
      `authorization: { users: [{ nkey: ${newKey().publicKey} }] }`,
    );
    const log = await connect(test, { servers: [server.url], nkey: seed });
    const { msg } = await log.logged('cannot be reached');
    assert.match(msg, new RegExp(`it refuses the nkey ${publicKey}: expected the seed of one`));
    assert.ok(!JSON.stringify(log.lines).includes(seed));
  });

  it('for credentials of another account, by the public key', async (test) => {
    const server = await NatsServer.start(test, new NatsAccount().config);
    const credentials = join(server.folder, 'node.creds');
    const { credentials: text, publicKey } = new NatsAccount().newUser();
    await writeFile(credentials, text);
    const log = await connect(test, { servers: [server.url], credentials });
    const { msg } = await log.logged('cannot be reached');
    assert.ok(
      msg.includes(`it refuses the user ${publicKey} of ${credentials}: expected one of an account`),
      msg,
    );
  });

  it('when nobody is there, and when it is something else', async (test) => {
    const closed = await connect(test, { servers: [`nats://127.0.0.1:${await freePort()}`] });
    assert.match(
      (await closed.logged('cannot be reached')).msg,
      /: connection refused: connect ECONNREFUSED/,
    );

    const port = await listen(test, (socket) => socket.end('220 mail.example.com ESMTP\r\n'));
    const mail = await connect(test, { servers: [`nats://127.0.0.1:${port}`] });
    assert.match((await mail.logged('cannot be reached')).msg, /: what answers there is no NATS server;/);
  });

  it('once each, where there are several, however often they are tried', async (test) => {
    const dialled = new Inbox<Socket>('a server that is none');
    const deaf = await listen(test, (socket) => dialled.put(socket.end()));
    const servers = [deaf, await freePort()].map((port) => `nats://127.0.0.1:${port}`);
    const log = await connect(test, { servers });
    for (let times = 0; times < 3; times++) await dialled.next();
    assert.deepEqual(
      log.lines.map(({ server }) => server),
      servers,
    );
  });

  it('once, and it is tried until it does: the node goes on meanwhile', async (test) => {
    const server = await NatsServer.start(test, 'authorization: { user: node, password: another }');
    const log = await connect(test, { servers: [server.url], user: 'node', password });
    await log.logged('it refuses the user "node"');
    await server.down();
    await server.configure(USER);
    await server.up();
    await log.logged('the backbone is there');
    assert.equal(log.lines.filter(({ msg }) => msg.includes('refuses')).length, 1);
  });
});

describe('docs/backbone.md', () => {
  it('has what the log says', () => {
    const source = readFileSync(join(ROOT, 'src/backbone/dial-failure.ts'), 'utf8');
    const [, section] = readDocument('docs/backbone.md').split('## When it is not let in\n');
    const said = [...section.split('\n## ')[0].matchAll(/(?<=^\| |, )`([^`]+)`(?=.* \|)/gm)].map(
      ([, text]) => text,
    );
    assert.ok(said.length >= 10);
    for (const text of said.filter((one) => !one.startsWith('connection refused')))
      for (const part of text.split(/"node"|U?…/)) assert.ok(source.includes(part.trim()), part);
  });
});

describe('a permission that a node lacks', () => {
  it('is named in the log, for each subject once, and the node goes on', async (test) => {
    const server = await NatsServer.start(
      test,
      `authorization: { users: [{ user: node, password: ${password}, permissions: { publish: "a.>", subscribe: "a.>" } }] }`,
    );
    const { connection, log } = await open(test, { servers: [server.url], user: 'node', password });
    await log.logged('the backbone is there');
    for (const subject of ['b', 'a.b']) connection.subscribe(subject, () => {});
    for (const subject of ['c', 'c', 'd']) connection.publish(subject, Buffer.from('a message'));
    assert.equal(await connection.confirmed(), true);
    for (const refused of ['Subscription to "b"', 'Publish to "c"', 'Publish to "d"']) {
      const { level, msg } = await log.logged('refuses something');
      assert.equal(level, 40);
      assert.equal(
        msg,
        `the backbone's server ${server.url} refuses something to this node: Permissions Violation for ${refused}; docs/backbone.md has the permissions that a node needs`,
      );
    }
    assert.equal(connection.up, true);
  });
});

describe('a server that lets in whoever reaches it', () => {
  it('is warned of, unless it is on this machine', async (test) => {
    const server = await NatsServer.start(test);
    const log = await connect(test, { servers: [byAddress(server)] });
    const { level, msg } = await log.logged('lets in whoever reaches it');
    assert.equal(level, 40);
    assert.match(
      msg,
      /who may then send to all clients; docs\/backbone\.md has a configuration that does not$/,
    );
  });

  it('is not one that asks for a login', async (test) => {
    const server = await NatsServer.start(test, USER);
    const log = await connect(test, { servers: [byAddress(server)], user: 'node', password });
    await log.logged('the backbone is there');
    assert.ok(log.lines.every(({ level }) => level <= INFO));
  });
});

describe('a login that names a file which cannot be used', () => {
  it('is refused before anything is dialled', async (test) => {
    const { folder, url } = await NatsServer.prepare(test);
    const text = join(folder, 'text');
    await writeFile(text, 'nothing that anybody could use\n');
    const refused = async (login: Omit<NatsLogin, 'servers'>, message: RegExp): Promise<void> => {
      await assert.rejects(connect(test, { servers: [url], ...login }), { code: 'GW_BACKBONE', message });
    };
    await refused(
      { credentials: join(folder, 'a') },
      /a, which cluster\.backbone\.credentials names, cannot be read: ENOENT/,
    );
    await refused(
      { credentials: text },
      /text, which cluster\.backbone\.credentials names, cannot be used .*nsc writes it/,
    );
    await refused(
      { nkey: text },
      /text, which cluster\.backbone\.nkey names, cannot be used .*SU… as nk and nsc write it/,
    );
    await refused({ nkey: `SU${'A'.repeat(56)}` }, /^the seed in cluster\.backbone\.nkey cannot be used/);
    await refused({ tls: { ca: folder } }, /which cluster\.backbone\.tls\.ca names, cannot be read: EISDIR/);
    await refused({ tls: { cert: text, key: text } }, /which cluster\.backbone\.tls names, cannot be used/);
    await refused(
      { tls: { cert: certificate('chat.pem'), key: certificate('game.key') } },
      /cannot be used: .*key values mismatch/,
    );
  });
});
