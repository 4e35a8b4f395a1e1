import assert from 'node:assert/strict';
import { availableParallelism, hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '#src/config/load.js';
import { configFolder, loadJson, refusal } from '../support/config-folder.js';

describe('defaults', () => {
  it('make a whole configuration without any file', async (test) => {
    const cwd = await configFolder(test);
    const { config, file } = await loadConfig({ cwd, env: {} });
    assert.equal(file, undefined);
    assert.deepEqual(config, {
      name: `${hostname()}:2900`,
      gateway: {
        listen: [
          { url: 'ws://0.0.0.0:8282', static: join(cwd, 'events/public') },
          { url: 'text://0.0.0.0:8283', heartbeat: false },
        ],
        lanIp: '127.0.0.1',
        lanPort: 2900,
        innerListen: '',
        drainDelay: 0,
        drainTime: 0,
        pingInterval: 25,
        pingNotResponseLimit: 2,
        pingData: '',
        maxPackageSize: 10_485_760,
        maxHeaderSize: 16_384,
        sendToClientBufferSize: 1_024_000,
        slowClient: 'close',
        sendToWorkerBufferSize: 10_240_000,
        maxConnections: 0,
        trustedProxies: [],
        udpIdleTimeout: 60,
        router: 'local-first',
      },
      worker: {
        count: Math.max(1, availableParallelism() - 1),
        events: join(cwd, 'events'),
        sendToGatewayBufferSize: 10_240_000,
        processTimeout: 30,
        maxMemory: 1_073_741_824,
        startTimeout: 60,
        stopTimeout: 2,
      },
      register: { listen: '127.0.0.1:1236' },
      cluster: { registerAddress: [], secretKey: '', allowWithoutSecretKey: false, pingInterval: 25 },
      admin: { listen: '', token: '', readOnly: false, hosts: [], allowWithoutTls: false },
      log: { level: 'info' },
      stateDir: '',
    });
  });

  it('are not shared between configurations', async (test) => {
    const [first, second] = [await loadJson(test, {}), await loadJson(test, {})];
    assert.ok(first.config.gateway && second.config.gateway);
    assert.notEqual(first.config.gateway.listen, second.config.gateway.listen);
    assert.notEqual(first.config.gateway.listen[0].static, second.config.gateway.listen[0].static);
  });

  it('name the node after the host and its inner port, if it has one', async (test) => {
    const named = async (value: unknown) => (await loadJson(test, value)).config.name;
    assert.equal(await named({ gateway: { lanPort: 2901 } }), `${hostname()}:2901`);
    assert.equal(await named({ gateway: { lanPort: 0 } }), '', 'any free port: the node names itself');
    assert.equal(await named({ gateway: false }), '');
    assert.equal(await named({ name: 'a' }), 'a');
  });
});

describe('a valid configuration', () => {
  it('is frozen, all the way down', async (test) => {
    const { config } = await loadJson(test, { gateway: { listen: [{ url: 'tcp://127.0.0.1:0' }] } });
    const check = (value: object): void => {
      assert.ok(Object.isFrozen(value));
      for (const child of Object.values(value)) if (typeof child === 'object') check(child);
    };
    check(config);
    assert.ok(config.gateway);
    assert.throws(() => Object.assign(config.gateway, { lanPort: 1 }), TypeError);
  });

  it('may turn a role off', async (test) => {
    const { config } = await loadJson(test, { gateway: false, worker: false });
    assert.equal(config.gateway, false);
    assert.equal(config.worker, false);
  });

  it('has absolute paths, from the folder of the file', async (test) => {
    const { config, file } = await loadJson(test, {
      gateway: {
        listen: [
          { url: 'wss://0.0.0.0:1', static: '/srv/www', tls: { cert: 'tls/cert.pem', key: '../key.pem' } },
          { url: 'tcp://0.0.0.0:2', protocol: './my-protocol.ts' },
          {
            url: 'text+unix:run/chat.sock',
            mode: '660',
            tls: { cert: 'a', key: 'b', sni: [{ cert: 'c', key: 'd' }], requestCert: true, ca: 'e' },
          },
          { url: 'ws+unix:///run/chat.sock' },
        ],
        router: './router.ts',
      },
      worker: { events: 'app' },
    });
    assert.ok(file && config.gateway && config.worker);
    const folder = dirname(file);
    assert.deepEqual(config.gateway.listen, [
      {
        url: 'wss://0.0.0.0:1',
        static: '/srv/www',
        tls: { cert: join(folder, 'tls/cert.pem'), key: join(folder, '../key.pem') },
      },
      { url: 'tcp://0.0.0.0:2', protocol: join(folder, 'my-protocol.ts') },
      {
        url: `text+unix:${join(folder, 'run/chat.sock')}`,
        mode: '660',
        tls: {
          cert: join(folder, 'a'),
          key: join(folder, 'b'),
          sni: [{ cert: join(folder, 'c'), key: join(folder, 'd') }],
          requestCert: true,
          ca: join(folder, 'e'),
        },
      },
      { url: 'ws+unix:/run/chat.sock' },
    ]);
    assert.equal(config.gateway.router, join(folder, 'router.ts'));
    assert.equal(config.worker.events, join(folder, 'app'));
  });

  it('may have compression with settings, of which each has a default', async (test) => {
    const { config } = await loadJson(test, {
      gateway: {
        listen: [
          { url: 'ws://0.0.0.0:1', compression: true },
          { url: 'ws://0.0.0.0:2', compression: false },
          { url: 'ws://0.0.0.0:3', compression: { level: 9 } },
        ],
      },
    });
    assert.ok(config.gateway);
    assert.deepEqual(
      config.gateway.listen.map(({ compression }) => compression),
      [true, false, { level: 9, threshold: 1024 }],
    );
  });

  it('keeps the name of a built-in router', async (test) => {
    const { config } = await loadJson(test, { gateway: { router: 'random' } });
    assert.ok(config.gateway);
    assert.equal(config.gateway.router, 'random');
  });

  for (const router of ['query:room', 'query:r.id', 'query:room@node', 'query:room@cluster']) {
    it(`keeps ${router}, which is no path`, async (test) => {
      const { config } = await loadJson(test, { gateway: { router } });
      assert.ok(config.gateway);
      assert.equal(config.gateway.router, router);
    });
  }
});

describe('a wrong configuration', () => {
  const cases: ReadonlyArray<readonly [title: string, value: unknown, line: string]> = [
    [
      'a misspelt key',
      { gateway: { pingIntervall: 30 } },
      'gateway.pingIntervall: unknown key (found 30), did you mean "pingInterval"?',
    ],
    [
      'a key in the wrong place',
      { maxConnections: 5 },
      'maxConnections: unknown key (found 5), did you mean "gateway.maxConnections"?',
    ],
    [
      'an unknown key',
      { colour: true },
      'colour: unknown key (found true), expected one of the keys name, gateway, worker, register, cluster, admin, log, stateDir',
    ],
    [
      'a wrong type',
      { gateway: { pingInterval: 'often' } },
      'gateway.pingInterval: found "often", expected a number of seconds from 0 to 86400',
    ],
    [
      'a number out of range',
      { gateway: { lanPort: 65_536 } },
      'gateway.lanPort: found 65536, expected a whole number from 0 to 65535',
    ],
    [
      'a fraction',
      { worker: { count: 1.5 } },
      'worker.count: found 1.5, expected a whole number of threads from 1 to 256',
    ],
    [
      'an open lower bound',
      { gateway: { udpIdleTimeout: 0 } },
      'gateway.udpIdleTimeout: found 0, expected a number of seconds above 0 and up to 86400',
    ],
    [
      'a ring that is too small',
      { worker: { sendToGatewayBufferSize: 1 } },
      'worker.sendToGatewayBufferSize: found 1, expected a whole number of bytes from 65536 to 1073741824',
    ],
    [
      'a misspelt choice',
      { gateway: { slowClient: 'clsoe' } },
      'gateway.slowClient: found "clsoe", expected one of "close", "drop"; did you mean "close"?',
    ],
    [
      'a misspelt log level',
      { log: { level: 'debgu' } },
      'log.level: found "debgu", expected one of "trace", "debug", "info", "warn", "error", "fatal", "silent"; did you mean "debug"?',
    ],
    [
      'a misspelt router',
      { gateway: { router: 'local-frist' } },
      'gateway.router: found "local-frist", expected one of "local-first", "least-connections", "random", or "query:" and the parameter of a handshake that is a client\'s key, such as "query:room" or "query:room@cluster", or the path of a module, such as "./router.ts"; did you mean "local-first"?',
    ],
    ...['query:', 'query:@cluster', 'query:room@all', 'query:a=b', 'query: room', 'qurey:room'].map(
      (router) =>
        [
          `the router ${router}`,
          { gateway: { router } },
          `gateway.router: found "${router}", expected one of "local-first", "least-connections", "random", or "query:" and the parameter of a handshake that is a client's key, such as "query:room" or "query:room@cluster", or the path of a module, such as "./router.ts"`,
        ] as const,
    ),
    ['a role that is true', { worker: true }, 'worker: found true, expected an object or false'],
    ['a role that is null', { gateway: null }, 'gateway: found null, expected an object or false'],
    [
      'an empty path',
      { worker: { events: '' } },
      'worker.events: found "", expected a string that is not empty',
    ],
    [
      'an inner address that is none',
      { gateway: { lanIp: '10.0.0' } },
      'gateway.lanIp: found "10.0.0", expected an IPv4 address or a host name',
    ],
    [
      'an address to bind that is none',
      { gateway: { innerListen: '10.0.0.1:2900' } },
      'gateway.innerListen: found "10.0.0.1:2900", expected an IP address or a host name, or "" for that of gateway.lanIp',
    ],
    [
      'a Register without a port',
      { register: { listen: '127.0.0.1' } },
      'register.listen: found "127.0.0.1", expected host:port, such as 10.0.0.1:1236',
    ],
    [
      'an address of a Register that is a URL',
      { cluster: { registerAddress: ['text://127.0.0.1:1236'] } },
      'cluster.registerAddress[0]: found "text://127.0.0.1:1236", expected host:port, such as 10.0.0.1:1236',
    ],
    [
      'one Register that is no list',
      { cluster: { registerAddress: '127.0.0.1:1236' } },
      'cluster.registerAddress: found "127.0.0.1:1236", expected a list such as ["10.0.0.1:1236"]',
    ],
    [
      'a switch that is no boolean',
      { cluster: { allowWithoutSecretKey: 'yes' } },
      'cluster.allowWithoutSecretKey: found "yes", expected true or false',
    ],
    [
      'a secret key that is no string',
      { cluster: { secretKey: 42 } },
      'cluster.secretKey: found a hidden value, expected a string',
    ],
    [
      'no listeners',
      { gateway: { listen: [] } },
      'gateway.listen: found an empty list, expected a list with at least one entry',
    ],
    [
      'a listener without url',
      { gateway: { listen: [{}] } },
      'gateway.listen[0].url: missing, expected a string',
    ],
    [
      'a listener that is a string',
      { gateway: { listen: ['ws://0.0.0.0:1'] } },
      'gateway.listen[0]: found "ws://0.0.0.0:1", expected an object',
    ],
    [
      'a proxy that nobody is trusted for',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', proxy: 'forwarded' }] } },
      'gateway.listen[0].proxy: found "forwarded" while gateway.trustedProxies names nobody, expected the proxies’ addresses there, such as ["loopback"] for one on this machine',
    ],
    [
      'a proxy that speaks HTTP before a port that does not',
      {
        gateway: { trustedProxies: ['loopback'], listen: [{ url: 'text://0.0.0.0:1', proxy: 'forwarded' }] },
      },
      'gateway.listen[0].proxy: found "forwarded" with a listener of scheme text, which has no headers, expected "proxy-protocol"',
    ],
    [
      'a proxy before udp',
      {
        gateway: {
          trustedProxies: ['loopback'],
          listen: [{ url: 'udp://0.0.0.0:1', proxy: 'proxy-protocol' }],
        },
      },
      'gateway.listen[0].proxy: found with a listener of scheme udp, expected only with ws, wss, text, frame or tcp',
    ],
    [
      'another kind of proxy',
      {
        gateway: {
          trustedProxies: ['loopback'],
          listen: [{ url: 'ws://0.0.0.0:1', proxy: 'proxy-protocl' }],
        },
      },
      'gateway.listen[0].proxy: found "proxy-protocl", expected one of "forwarded", "proxy-protocol"; did you mean "proxy-protocol"?',
    ],
    ...['nginx', '10.0.0.0/33', '1.2.3', '::1/129', 'fe80::1%eth0', '0.0.0.0/-1', ''].map(
      (range) =>
        [
          `trusted proxies ${range}`,
          { gateway: { trustedProxies: [range] } },
          `gateway.trustedProxies[0]: found "${range}", expected an address, a range such as 10.1.0.0/16, "loopback" or "private"`,
        ] as const,
    ),
    [
      'trusted proxies that are no list',
      { gateway: { trustedProxies: 'loopback' } },
      'gateway.trustedProxies: found "loopback", expected a list such as ["loopback", "10.1.0.0/16"]',
    ],
    [
      'a rate of nothing',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', rate: { per: 5 } }] } },
      'gateway.listen[0].rate: found neither messages nor bytes, expected how much a client may send',
    ],
    [
      'a rate with another policy',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', rate: { messages: 5, policy: 'drop' } }] } },
      'gateway.listen[0].rate.policy: found "drop", expected one of "pause", "close"',
    ],
    [
      'a bad listen url',
      { gateway: { listen: [{ url: 'ws://0.0.0.0' }] } },
      'gateway.listen[0].url: found "ws://0.0.0.0", expected scheme://host:port, such as ws://0.0.0.0:8282',
    ],
    [
      'wss without tls',
      { gateway: { listen: [{ url: 'wss://0.0.0.0:1' }] } },
      'gateway.listen[0].tls: missing, expected { cert, key }: wss needs a certificate',
    ],
    [
      'half of tls',
      { gateway: { listen: [{ url: 'wss://0.0.0.0:1', tls: { cert: 'a' } }] } },
      'gateway.listen[0].tls.key: missing, expected a string',
    ],
    [
      'subprotocols without ws',
      { gateway: { listen: [{ url: 'text://0.0.0.0:1', subprotocols: ['chat'] }] } },
      'gateway.listen[0].subprotocols: found with a listener of scheme text, expected only with ws or wss',
    ],
    [
      'a subprotocol that is no token',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', subprotocols: ['chat, v2'] }] } },
      'gateway.listen[0].subprotocols[0]: found "chat, v2", expected a name without spaces and separators, such as "mqtt" or "v2.chat.example.com"',
    ],
    [
      'no subprotocols',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', subprotocols: [] }] } },
      'gateway.listen[0].subprotocols: found an empty list, expected a list of different names, such as ["mqtt"]',
    ],
    [
      'a subprotocol twice',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', subprotocols: ['chat', 'chat'] }] } },
      'gateway.listen[0].subprotocols: found a list, expected a list of different names, such as ["mqtt"]',
    ],
    [
      'an origin with a path',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', origins: ['https://example.com/'] }] } },
      'gateway.listen[0].origins[0]: found "https://example.com/", expected an origin without a path, such as "https://example.com", "https://*.example.com" or "http://localhost:5173", or "null", or "*" for all',
    ],
    [
      'all origins, not in a list',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', origins: '*' }] } },
      'gateway.listen[0].origins: found "*", expected a list such as ["https://example.com"]',
    ],
    [
      'compression without ws',
      { gateway: { listen: [{ url: 'text://0.0.0.0:1', compression: true }] } },
      'gateway.listen[0].compression: found with a listener of scheme text, expected only with ws or wss',
    ],
    [
      'compression that is neither',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', compression: 'on' }] } },
      'gateway.listen[0].compression: found "on", expected true, false or an object',
    ],
    [
      'a level of compression that there is not',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', compression: { level: 0 } }] } },
      'gateway.listen[0].compression.level: found 0, expected a whole number from 1 to 9',
    ],
    [
      'a misspelt setting of compression',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', compression: { treshold: 1 } }] } },
      'gateway.listen[0].compression.treshold: unknown key (found 1), did you mean "threshold"?',
    ],
    [
      'tls with ws',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', tls: { cert: 'a', key: 'b' } }] } },
      'gateway.listen[0].tls: found with a listener of scheme ws, expected only with wss, text, frame or tcp',
    ],
    [
      'a certificate in place of its file',
      {
        gateway: {
          listen: [{ url: 'text://0.0.0.0:1', tls: { cert: 'a', key: '-----BEGIN PRIVATE KEY-----' } }],
        },
      },
      'gateway.listen[0].tls.key: found PEM text, expected the path of a file that has it',
    ],
    [
      'a further certificate in place of its file',
      {
        gateway: {
          listen: [
            {
              url: 'text://0.0.0.0:1',
              tls: { cert: 'a', key: 'b', sni: [{ cert: '-----BEGIN CERTIFICATE-----', key: 'b' }] },
            },
          ],
        },
      },
      'gateway.listen[0].tls.sni[0].cert: found PEM text, expected the path of a file that has it',
    ],
    [
      'certificates of clients that nobody signs',
      { gateway: { listen: [{ url: 'text://0.0.0.0:1', tls: { cert: 'a', key: 'b', requestCert: true } }] } },
      'gateway.listen[0].tls.ca: missing, expected the file of the authority that signs the certificates of clients: requestCert is true',
    ],
    [
      'an authority of certificates that nobody is asked for',
      { gateway: { listen: [{ url: 'text://0.0.0.0:1', tls: { cert: 'a', key: 'b', ca: 'c' } }] } },
      'gateway.listen[0].tls.ca: found without requestCert: true, expected both or none: clients are asked for no certificate',
    ],
    [
      'rejectUnauthorized where nobody is asked',
      {
        gateway: {
          listen: [{ url: 'text://0.0.0.0:1', tls: { cert: 'a', key: 'b', rejectUnauthorized: false } }],
        },
      },
      'gateway.listen[0].tls.rejectUnauthorized: found without requestCert: true, expected both or none: clients are asked for no certificate',
    ],
    [
      'a version of TLS that is too old',
      {
        gateway: { listen: [{ url: 'text://0.0.0.0:1', tls: { cert: 'a', key: 'b', minVersion: 'TLSv1' } }] },
      },
      'gateway.listen[0].tls.minVersion: found "TLSv1", expected one of "TLSv1.2", "TLSv1.3"',
    ],
    [
      'a mode that is a number',
      { gateway: { listen: [{ url: 'text+unix:/run/s', mode: 660 }] } },
      'gateway.listen[0].mode: found 660, expected three octal digits in quotes, such as "660"',
    ],
    [
      'a mode that is none',
      { gateway: { listen: [{ url: 'text+unix:/run/s', mode: 'rw-rw----' }] } },
      'gateway.listen[0].mode: found "rw-rw----", expected three octal digits in quotes, such as "660"',
    ],
    [
      'a mode without a unix socket',
      { gateway: { listen: [{ url: 'text://0.0.0.0:1', mode: '660' }] } },
      'gateway.listen[0].mode: found with a listener that has a port, expected only with a unix socket',
    ],
    [
      'a unix socket twice',
      { gateway: { listen: [{ url: 'text+unix:/run/a/../s' }, { url: 'ws+unix:/run/s' }] } },
      'gateway.listen[1].url: found "ws+unix:/run/s", expected a path of its own: gateway.listen[0] has the same',
    ],
    [
      'a path that is too long',
      { gateway: { listen: [{ url: `text+unix:/run/${'s'.repeat(95)}` }] } },
      `gateway.listen[0].url: found a path of 100 bytes, "/run/${'s'.repeat(95)}"; expected at most 99, since the system allows a socket no longer one`,
    ],
    [
      'static files without http',
      { gateway: { listen: [{ url: 'text://0.0.0.0:1', static: 'a' }] } },
      'gateway.listen[0].static: found with a listener of scheme text, expected only with ws or wss',
    ],
    [
      'an own protocol on ws',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1', protocol: './p.ts' }] } },
      'gateway.listen[0].protocol: found with a listener of scheme ws, expected only with tcp',
    ],
    [
      'a port twice',
      { gateway: { listen: [{ url: 'ws://Host:1' }, { url: 'text://host:1' }] } },
      'gateway.listen[1].url: found "text://host:1", expected a host and port of its own: gateway.listen[0] has the same',
    ],
  ];
  for (const [title, value, line] of cases) {
    it(`with ${title} is refused`, async (test) => {
      assert.equal(
        await refusal(loadJson(test, value)),
        `gatewayworker.config.json has 1 problem:\n  ${line}`,
      );
    });
  }

  it('allows one port for tcp and udp, and port 0 many times', async (test) => {
    const urls = ['ws://0.0.0.0:1', 'udp://0.0.0.0:1', 'tcp://127.0.0.1:0', 'tcp://127.0.0.1:0'];
    const { config } = await loadJson(test, { gateway: { listen: urls.map((url) => ({ url })) } });
    assert.ok(config.gateway);
    assert.deepEqual(
      config.gateway.listen.map(({ url }) => url),
      urls,
    );
  });

  it('lists all its problems at once, one a line', async (test) => {
    const message = await refusal(
      loadJson(test, {
        nmae: 1,
        gateway: { listen: [{ url: 'x' }], lanPort: -1 },
        worker: { count: 0 },
        log: { level: 1 },
      }),
    );
    const [head, ...lines] = message.split('\n');
    assert.equal(head, 'gatewayworker.config.json has 5 problems:');
    assert.deepEqual(lines.map((line) => line.trim().split(':')[0]).toSorted(), [
      'gateway.lanPort',
      'gateway.listen[0].url',
      'log.level',
      'nmae',
      'worker.count',
    ]);
  });

  it('never shows a secret', async (test) => {
    const listen = [
      { url: 'wss://0.0.0.0:1', tls: { cert: { pem: 'hunter2' }, key: ['hunter2'], phrase: 'hunter2' } },
    ];
    const message = await refusal(
      loadJson(test, { secretKy: 'hunter2', secretKey: 42_42, gateway: { listen } }),
    );
    assert.ok(!/hunter2|4242/.test(message), message);
    assert.match(message, /gateway\.listen\[0\]\.tls\.key: found a hidden value, expected a string/);
    assert.match(message, /secretKey: unknown key \(found a hidden value\)/);
    assert.match(message, /secretKy: unknown key \(found a string\)/);
  });

  it('shows only the beginning of a long value', async (test) => {
    const message = await refusal(loadJson(test, { gateway: { lanIp: 'x'.repeat(5000) } }));
    assert.ok(message.length < 300, message);
  });
});
