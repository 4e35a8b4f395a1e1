import { availableParallelism } from 'node:os';
// typebox in one file: to load its 700 modules one by one would take a third of the time of every start
import { Type, type Static } from '#typebox';
import { INNER_BUFFER_SIZE } from '../base/buffer-size.js';
import { COMPRESSION } from './compression.js';
import { SOCKET_IO } from './socket-io.js';
import { schemeList, type SchemeOption, schemesTaking } from './schemes.js';

/**
 * The configuration: this one schema is the validator (ajv), the TypeScript types (user-config.ts) and the reference table of
 * `docs/configuration.md`. Beside JSON Schema's own keywords it uses three annotations: `unit` (what a number
 * counts), `defaultText` (the default in words, where the value depends on the machine) and `choices` (names that a
 * string may be, where it may also be a path).
 */

/** The routers that come with the gateway; any other value is the path of a module. */
export const ROUTERS = ['local-first', 'least-connections', 'random'] as const;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** What clients do, as far as it may be published. */
const BACKBONE_EVENTS = ['connect', 'close', 'message'] as const;

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;
/** One day: far above any sensible setting, and far below the 24.8 days where Node's timers overflow. */
const LONGEST_SECONDS = 86_400;
/** Below this a worker thread has no room for its first event. */
export const SMALLEST_MAX_MEMORY = 16 * MEBIBYTE;
/** Below this a ring holds too few records to be worth its wake-ups. */
const SMALLEST_RING_BYTES = 64 * 1024;

const seconds = (options: { description: string; default: number }) =>
  Type.Number({ ...options, unit: 'seconds', minimum: 0, maximum: LONGEST_SECONDS });

const bytes = (options: { description: string; default: number; minimum?: number }) =>
  Type.Integer({ minimum: 1, ...options, unit: 'bytes', maximum: GIBIBYTE });

/** Said of a setting of listeners that not every scheme takes. */
const onlyWith = (option: SchemeOption) => `Only with ${schemesTaking(option, 'and')}.`;

const path = (description: string) => Type.String({ description, minLength: 1 });

const pair = {
  cert: path('File of the certificate, with those of the authorities between behind it, PEM.'),
  key: path('File of its private key, PEM, without a passphrase.'),
};

const tls = Type.Object(
  {
    ...pair,
    sni: Type.Optional(
      Type.Array(Type.Object(pair, { additionalProperties: false }), {
        minItems: 1,
        defaultText: 'none',
        description:
          'Further certificates: a client is shown the one that has the name which it asks for, and `cert` otherwise.',
      }),
    ),
    requestCert: Type.Optional(
      Type.Boolean({
        defaultText: '`false`',
        description: 'Whether clients are asked for a certificate.',
      }),
    ),
    ca: Type.Optional(
      path('File of the authorities that sign the certificates of clients, PEM. Needed with `requestCert`.'),
    ),
    rejectUnauthorized: Type.Optional(
      Type.Boolean({
        defaultText: '`true`',
        description:
          'With `requestCert`: `false` lets clients in without a certificate, or with one that `ca` did not sign. They have none in the handshake.',
      }),
    ),
    minVersion: Type.Optional(
      Type.Enum(['TLSv1.2', 'TLSv1.3'], {
        defaultText: '`"TLSv1.2"`',
        description: 'The oldest version of TLS that is spoken.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: `Certificates of a listener, which speaks TLS then; required with wss. They are read again at each reload. ${onlyWith('tls')}`,
  },
);

const rate = Type.Object(
  {
    messages: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000_000,
        unit: 'messages',
        defaultText: 'no limit',
        description: 'Messages that one client may send in the time of `per`.',
      }),
    ),
    bytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1024 * GIBIBYTE,
        unit: 'bytes',
        defaultText: 'no limit',
        description: 'Bytes of messages that one client may send in the time of `per`.',
      }),
    ),
    per: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_SECONDS,
      default: 1,
      unit: 'seconds',
      description: 'The time that `messages` and `bytes` are for.',
    }),
    burst: Type.Number({
      minimum: 1,
      maximum: 1000,
      default: 1,
      unit: 'times',
      description: 'How many times as much may come at once, from a client that was silent for as long.',
    }),
    policy: Type.Enum(['pause', 'close'], {
      default: 'pause',
      description:
        'What happens to a client that sends more: it is not read until it may send again, and nothing is lost (with udp, whose clients share one socket, what is too much is dropped); or it is closed, a websocket with 1008.',
    }),
  },
  {
    additionalProperties: false,
    description: 'How much each client of this port may send: `messages`, `bytes`, or both.',
  },
);

const compression = Type.Object(
  {
    threshold: bytes({
      minimum: 0,
      default: COMPRESSION.threshold,
      description: 'Shorter messages go out as they are: they would gain little.',
    }),
    level: Type.Integer({
      minimum: 1,
      maximum: 9,
      default: COMPRESSION.level,
      description: 'How hard zlib tries, from fast to small.',
    }),
  },
  { additionalProperties: false },
);

const socketIo = Type.Object(
  {
    namespaces: Type.Array(Type.String({ format: 'namespace' }), {
      minItems: 1,
      uniqueItems: true,
      default: [...SOCKET_IO.namespaces],
      description: 'The namespaces that clients may come into: `"/"`, `"/admin"`, or `"*"` for any.',
    }),
    pingInterval: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_SECONDS,
      default: SOCKET_IO.pingInterval,
      unit: 'seconds',
      description:
        'Time from one ping to the next. The heartbeat of `pingInterval` is not for these clients, who know only their own.',
    }),
    pingTimeout: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_SECONDS,
      default: SOCKET_IO.pingTimeout,
      unit: 'seconds',
      description: 'Time that a client has to answer a ping.',
    }),
    connectTimeout: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_SECONDS,
      default: SOCKET_IO.connectTimeout,
      unit: 'seconds',
      description: 'Time that a connection may be in no namespace.',
    }),
  },
  { additionalProperties: false },
);

const listener = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      description:
        `\`scheme://host:port\`. Schemes: ${schemeList()}. ` +
        'IPv6 hosts in brackets; port 0 means any free one. `scheme+unix:path`: a unix socket, with every scheme but udp.',
    }),
    static: Type.Optional(
      path(`Folder of static files, served over HTTP on the same port. ${onlyWith('static')}`),
    ),
    protocol: Type.Optional(
      path(
        `Module of your own protocol (\`input\`, \`encode\`, \`decode\`), as in Workerman. ${onlyWith('protocol')}`,
      ),
    ),
    subprotocols: Type.Optional(
      Type.Array(Type.String({ format: 'token' }), {
        minItems: 1,
        uniqueItems: true,
        defaultText: 'none',
        description: `Websocket subprotocols (\`Sec-WebSocket-Protocol\`) that clients may choose from: the first of theirs that is in the list. ${onlyWith('subprotocols')}`,
      }),
    ),
    compression: Type.Optional(
      Type.Unsafe<boolean | Partial<Static<typeof compression>>>({
        ...compression,
        type: ['object', 'boolean'],
        defaultText: '`false`',
        description: `Whether websocket messages are compressed (permessage-deflate) for clients that offer it; an object says how. ${onlyWith('compression')}`,
      }),
    ),
    socketIo: Type.Optional(
      Type.Unsafe<boolean | Partial<Static<typeof socketIo>>>({
        ...socketIo,
        type: ['object', 'boolean'],
        defaultText: '`false`',
        description: `Whether clients of Socket.IO, version 3 or 4, may come in at \`/socket.io/\`; an object says how. ${onlyWith('socketIo')}`,
      }),
    ),
    origins: Type.Optional(
      Type.Array(Type.String({ format: 'origin' }), {
        minItems: 1,
        uniqueItems: true,
        defaultText: 'pages of the same host',
        description: `Whose pages may open a websocket, by the \`Origin\` that browsers send: \`"https://example.com"\`, \`"https://*.example.com"\`, \`"null"\`, \`"*"\` for all. Clients without an Origin, which are no pages, always may. ${onlyWith('origins')}`,
      }),
    ),
    authTimeout: Type.Optional(
      Type.Number({
        unit: 'seconds',
        minimum: 0,
        maximum: LONGEST_SECONDS,
        defaultText: '`0`',
        description:
          'A client that has no uid (`bindUid`, or the `uid` of `onHandshake`) this long after it came in is closed; 0: it need not have one.',
      }),
    ),
    tls: Type.Optional(tls),
    mode: Type.Optional(
      Type.String({
        format: 'mode',
        defaultText: 'by the umask',
        description:
          'Who may connect to a unix socket, as of a file: `"660"` for its owner and group, `"666"` for everybody. Only with `+unix`.',
      }),
    ),
    proxy: Type.Optional(
      Type.Enum(['forwarded', 'proxy-protocol'], {
        defaultText: 'none',
        description:
          'How the proxies in front of this port, which `trustedProxies` names, say where their clients come from: `forwarded` (with ws and wss) by the headers X-Forwarded-For and X-Forwarded-Proto, or Forwarded; `proxy-protocol` by the PROXY protocol, version 1 or 2, before anything else. Not with udp.',
      }),
    ),
    rate: Type.Optional(rate),
    maxConnectionsPerAddress: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 0xffff_ffff,
        unit: 'connections',
        defaultText: 'no limit',
        description:
          'Clients of one address, of IPv6 a /64, on this port at once; one more is refused, a websocket with 429.',
      }),
    ),
    newConnectionsPerAddress: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        unit: 'connections a second',
        defaultText: 'no limit',
        description:
          'Clients of one address, of IPv6 a /64, that may come in by this port within a second; one more is refused, a websocket with 429 and `Retry-After`.',
      }),
    ),
    heartbeat: Type.Optional(
      Type.Boolean({
        defaultText: '`true`',
        description:
          'Whether the heartbeat applies. `false`: clients of this port may be silent for ever, such as people who type.',
      }),
    ),
  },
  { additionalProperties: false },
);

const gateway = Type.Object(
  {
    listen: Type.Array(listener, {
      minItems: 1,
      default: [
        { url: 'ws://0.0.0.0:8282', static: 'events/public' },
        { url: 'text://0.0.0.0:8283', heartbeat: false },
      ],
      description: 'The ports that clients connect to.',
    }),
    lanIp: Type.String({
      format: 'host',
      default: '127.0.0.1',
      description:
        'Inner address of this gateway as other nodes reach it: an IPv4 address, or a name that resolves to one. It is part of every client id.',
    }),
    lanPort: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 2900,
      description:
        'Inner port of this gateway, for workers and GatewayClients. It is part of every client id. 0: any free one.',
    }),
    innerListen: Type.String({
      format: 'bind',
      default: '',
      defaultText: '`lanIp`',
      description: 'Address that the inner port is bound to, where it differs from `lanIp` (Docker, NAT).',
    }),
    pingInterval: seconds({
      default: 25,
      description: 'Time between two heartbeats to a client; 0 turns the heartbeat off.',
    }),
    pingNotResponseLimit: Type.Integer({
      minimum: 0,
      maximum: 1000,
      default: 2,
      unit: 'heartbeats',
      description:
        'A client that has sent nothing, and taken nothing, for this many heartbeats is closed; 0 means that clients need not answer.',
    }),
    pingData: Type.String({
      default: '',
      description: 'What a heartbeat sends. Empty: a ping frame to websocket clients, nothing to others.',
    }),
    maxPackageSize: bytes({
      default: 10 * MEBIBYTE,
      description: 'Largest message that a client may send; a larger one closes its connection.',
    }),
    maxHeaderSize: bytes({
      default: 16 * 1024,
      minimum: 1024,
      description:
        'Largest head, request line and headers, of an HTTP request or websocket handshake; a larger one is answered 431.',
    }),
    sendToClientBufferSize: bytes({
      default: 1_024_000,
      description: 'What may wait for a client that reads slowly, before `slowClient` applies.',
    }),
    slowClient: Type.Enum(['close', 'drop'], {
      default: 'close',
      description:
        'What happens to a client above `sendToClientBufferSize`: it is closed, or whole messages to it are dropped.',
    }),
    sendToWorkerBufferSize: bytes({
      default: INNER_BUFFER_SIZE,
      minimum: SMALLEST_RING_BYTES,
      description:
        'What may wait for one business worker, before the gateway stops reading the clients routed to it.',
    }),
    maxConnections: Type.Integer({
      minimum: 0,
      maximum: 0xffff_ffff,
      default: 0,
      unit: 'connections',
      description: 'Clients at once; one more is refused. 0 means no limit.',
    }),
    drainDelay: seconds({
      default: 0,
      description:
        'At a stop: time between the first 503 of the health check and the first client that is closed, for a load balancer to notice. New clients are let in meanwhile.',
    }),
    drainTime: seconds({
      default: 0,
      description:
        'At a stop: time over which the clients are closed, so that they do not all come back at once. 0: all in one go.',
    }),
    trustedProxies: Type.Array(Type.String({ format: 'addresses' }), {
      default: [],
      defaultText: 'nobody',
      description:
        'Proxies whose word is taken for where clients come from, where a listener has `proxy`: addresses, ranges such as `10.1.0.0/16`, `loopback` (127.0.0.0/8, ::1, and who comes by a unix socket), and `private` (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7).',
    }),
    udpIdleTimeout: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_SECONDS,
      default: 60,
      unit: 'seconds',
      description: 'A udp peer that has sent nothing for this long is forgotten: its client is closed.',
    }),
    router: Type.String({
      format: 'router',
      choices: ROUTERS,
      default: ROUTERS[0],
      description:
        'Which business worker a new client is bound to. `query:room`: the one that owns the key which the parameter `room` ' +
        'of its handshake is, of this node, or with `query:room@cluster` of all; a path names a module of your own.',
    }),
  },
  { additionalProperties: false },
);

const worker = Type.Object(
  {
    count: Type.Integer({
      minimum: 1,
      maximum: 256,
      default: Math.max(1, availableParallelism() - 1),
      defaultText: 'cores − 1, at least 1',
      unit: 'threads',
      description:
        'Business workers of this node, and of each node of `start --nodes`, whose default is its share of the cores − 1.',
    }),
    events: Type.String({
      minLength: 1,
      default: 'events',
      description: 'Folder with `index.ts` (or `.js`): your application.',
    }),
    sendToGatewayBufferSize: bytes({
      default: INNER_BUFFER_SIZE,
      minimum: SMALLEST_RING_BYTES,
      description:
        'What one business worker may have waiting for a gateway, before its sends return `false`.',
    }),
    processTimeout: seconds({
      default: 30,
      description:
        'A handler that blocks its thread for longer has the thread replaced; one that stays pending for longer no longer ' +
        "holds back its client's next event. 0: no limit.",
    }),
    maxMemory: Type.Integer({
      minimum: 0,
      maximum: 64 * GIBIBYTE,
      default: GIBIBYTE,
      unit: 'bytes',
      description:
        'A business worker whose heap and external memory take more is replaced as by a reload: 16 MiB (16777216) at least. 0: no limit.',
    }),
    startTimeout: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_SECONDS,
      default: 60,
      unit: 'seconds',
      description:
        'How long a worker may take to load `events/` and run `onWorkerStart`, at a start, a reload, or after a death. ' +
        'The log says after 10 seconds what it waits for.',
    }),
    stopTimeout: seconds({
      default: 2,
      description: 'How long handlers that are still running may take when their worker stops.',
    }),
  },
  { additionalProperties: false },
);

const register = Type.Object(
  {
    listen: Type.String({
      format: 'address',
      default: '127.0.0.1:1236',
      description: "`host:port` that this node's Register listens on. Port 0: any free one.",
    }),
  },
  { additionalProperties: false },
);

const clusterTls = Type.Object(
  {
    cert: path("File of this node's certificate chain, PEM."),
    key: path('File of its private key, PEM.'),
    ca: path('File of the authority that signed the certificates of all nodes, PEM.'),
  },
  {
    additionalProperties: false,
    description:
      'Mutual TLS on the inner ports and the Registers. Every node has to have it; PHP peers have none.',
  },
);

/** A secret, or the file of one. */
const word = (description: string) => Type.String({ description, minLength: 1 });

const backboneTls = Type.Object(
  {
    ca: Type.Optional(
      Type.String({
        minLength: 1,
        defaultText: 'the authorities that Node.js trusts',
        description: 'File of the authority that signed the certificates of the servers, PEM.',
      }),
    ),
    cert: Type.Optional(path('File of the certificate that this node shows, PEM. Together with `key`.')),
    key: Type.Optional(path('File of its private key, PEM, without a passphrase.')),
  },
  {
    additionalProperties: false,
    description:
      'How TLS is spoken to the servers, which have to speak it then. Files are read again at each connection.',
  },
);

const backbone = Type.Object(
  {
    servers: Type.Array(Type.String({ format: 'nats' }), {
      minItems: 1,
      description:
        'Servers of one NATS: `nats://host:port`, or `tls://host:port` where nothing but TLS will do; the port is 4222 where none is named. One that answers is enough.',
    }),
    name: Type.String({
      format: 'cell',
      description:
        'Name of the cell that this node belongs to: the same for all nodes of its mesh, and another one than that of any other cell.',
    }),
    prefix: Type.String({
      format: 'subject',
      default: 'gatewayworker',
      description:
        'What all subjects begin with. Cells with the same prefix are one whole; others on the same NATS are not seen.',
    }),
    tls: Type.Optional(backboneTls),
    user: Type.Optional(word('Name of a user of NATS. Together with `password`.')),
    password: Type.Optional(word('Their password.')),
    token: Type.Optional(word('A token, where the servers ask for one.')),
    nkey: Type.Optional(word('Seed of an nkey (`SU…`), or the file that has it.')),
    credentials: Type.Optional(
      path('File of credentials (`.creds`): a JWT with the seed of its nkey. Read again at each connection.'),
    ),
    events: Type.Array(Type.Enum(BACKBONE_EVENTS), {
      uniqueItems: true,
      default: [],
      defaultText: 'none',
      description:
        'What clients do that is published as well, for other programs: `"connect"`, `"close"`, `"message"`.',
    }),
  },
  {
    additionalProperties: false,
    description: 'NATS, by which this mesh or single node and others are one whole.',
  },
);

const cluster = Type.Object(
  {
    registerAddress: Type.Array(Type.String({ format: 'address' }), {
      default: [],
      defaultText: 'the Register of this node',
      description: 'Every Register of the cluster, `host:port`. One that answers is enough.',
    }),
    secretKey: Type.String({
      default: '',
      description: 'Word that every node, worker and GatewayClient of the cluster has to know.',
    }),
    allowWithoutSecretKey: Type.Boolean({
      default: false,
      description:
        'Whether inner ports and Registers may be open to other machines though `secretKey` is empty.',
    }),
    tls: Type.Optional(clusterTls),
    pingInterval: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_SECONDS,
      default: 25,
      unit: 'seconds',
      description:
        'Time between two pings on inner links. A peer that has been silent for three of them counts as gone. To a Register at most 25.',
    }),
    backbone: Type.Optional(backbone),
  },
  { additionalProperties: false, default: {}, description: 'How nodes find and trust each other.' },
);

const admin = Type.Object(
  {
    listen: Type.String({
      format: 'listen',
      default: '',
      defaultText: '`127.0.0.1:8280`, or any free port when that is taken',
      description: '`host:port` of the admin listener; IPv6 hosts in brackets. Port 0: any free one.',
    }),
    token: Type.String({
      default: '',
      defaultText: 'a random one for each start, which `gatewayworker admin` tells',
      description: 'What whoever asks has to know: 16 characters at least, without spaces.',
    }),
    readOnly: Type.Boolean({
      default: false,
      description: 'Whether what changes something is refused: sends, `closeClient`, a reload.',
    }),
    hosts: Type.Array(Type.String({ format: 'host' }), {
      default: [],
      defaultText: 'none',
      description:
        'Further names by which the admin listener is reached. Requests for another one are refused, since a foreign page could have made it up; addresses, `localhost` and the host of `listen` need not be named.',
    }),
    tls: Type.Optional(
      Type.Object(tls.properties, {
        additionalProperties: false,
        description: 'Certificates of the admin listener, as those of a listener for clients.',
      }),
    ),
    allowWithoutTls: Type.Boolean({
      default: false,
      description:
        'Whether other machines may reach the admin listener without `tls`: where a proxy has the certificate, or the network is nobody else’s. It needs a `token` nevertheless.',
    }),
  },
  { additionalProperties: false },
);

const log = Type.Object(
  {
    level: Type.Enum(LOG_LEVELS, { default: 'info', description: 'The least severe lines that are logged.' }),
  },
  { additionalProperties: false, default: {}, description: 'Logging.' },
);

/**
 * A role is an object of settings, or `false` when the node does not play it. JSON Schema's object keywords
 * say nothing about other types, so one schema can be for both; `anyOf` would make ajv skip the defaults inside.
 */
const role = <T>(schema: object, description: string) =>
  Type.Unsafe<T | false>({
    ...schema,
    type: ['object', 'boolean'],
    not: { const: true },
    default: {},
    description,
  });

export const nodeConfigSchema = Type.Object(
  {
    name: Type.String({
      default: '',
      defaultText: 'host name and inner port',
      description: 'Name of this node, in logs and as `worker.node`.',
    }),
    gateway: role<Static<typeof gateway>>(
      gateway,
      'The gateway role: client connections. `false`: this node has none.',
    ),
    worker: role<Static<typeof worker>>(
      worker,
      'The business worker role: your code. `false`: this node has none.',
    ),
    register: role<Static<typeof register>>(
      register,
      'The Register role: tells the workers where the gateways are. `false`: this node hosts none.',
    ),
    cluster,
    admin: role<Static<typeof admin>>(
      admin,
      'The admin listener: HTTP API, health and metrics, for those who know its token. `false`: this node has none.',
    ),
    log,
    stateDir: Type.String({
      default: '',
      defaultText: '`.gatewayworker` beside this file, and beside `events/`',
      description:
        'Folder for what a node writes: pid file, control socket, compiled code, and the log of `start -d`. One for each node. Makes it possible to run from a folder that cannot be written.',
    }),
  },
  { additionalProperties: false },
);

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** A complete, checked and frozen configuration: defaults filled in, paths absolute. */
export type NodeConfig = DeepReadonly<Static<typeof nodeConfigSchema>>;
export type GatewayConfig = Exclude<NodeConfig['gateway'], false>;
/** An entry of `gateway.listen`. */
export type ListenerConfig = GatewayConfig['listen'][number];
export type WorkerConfig = Exclude<NodeConfig['worker'], false>;
export type RegisterConfig = Exclude<NodeConfig['register'], false>;
export type AdminConfig = Exclude<NodeConfig['admin'], false>;
export type ClusterConfig = NodeConfig['cluster'];
export type BackboneConfig = NonNullable<ClusterConfig['backbone']>;
