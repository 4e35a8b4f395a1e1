/* Made from schema.ts by `npm run docs`. */

/** What a user may write: every key is optional. For `export default { … } satisfies UserConfig`. */
export interface UserConfig {
  /** Name of this node, in logs and as `worker.node`. Default: host name and inner port. */
  readonly name?: string | undefined;
  /** The gateway role: client connections. `false`: this node has none. */
  readonly gateway?: false | UserGateway | undefined;
  /** The business worker role: your code. `false`: this node has none. */
  readonly worker?: false | UserWorker | undefined;
  /** The Register role: tells the workers where the gateways are. `false`: this node hosts none. */
  readonly register?: false | UserRegister | undefined;
  /** How nodes find and trust each other. */
  readonly cluster?: UserCluster | undefined;
  /** The admin listener: HTTP API, health and metrics, for those who know its token. `false`: this node has none. */
  readonly admin?: false | UserAdmin | undefined;
  /** Logging. */
  readonly log?: UserLog | undefined;
  /** Folder for what a node writes: pid file, control socket, compiled code, and the log of `start -d`. One for each node. Makes it possible to run from a folder that cannot be written. Default: `.gatewayworker` beside this file, and beside `events/`. */
  readonly stateDir?: string | undefined;
}

interface UserGateway {
  /** The ports that clients connect to. Default: `[{"url":"ws://0.0.0.0:8282","static":"events/public"},{"url":"text://0.0.0.0:8283","heartbeat":false}]`. */
  readonly listen?: readonly UserGatewayListen[] | undefined;
  /** Inner address of this gateway as other nodes reach it: an IPv4 address, or a name that resolves to one. It is part of every client id. Default: `"127.0.0.1"`. */
  readonly lanIp?: string | undefined;
  /** Inner port of this gateway, for workers and GatewayClients. It is part of every client id. 0: any free one. Default: `2900`. */
  readonly lanPort?: number | undefined;
  /** Address that the inner port is bound to, where it differs from `lanIp` (Docker, NAT). Default: `lanIp`. */
  readonly innerListen?: string | undefined;
  /** Time between two heartbeats to a client; 0 turns the heartbeat off. Default: `25` seconds. */
  readonly pingInterval?: number | undefined;
  /** A client that has sent nothing, and taken nothing, for this many heartbeats is closed; 0 means that clients need not answer. Default: `2` heartbeats. */
  readonly pingNotResponseLimit?: number | undefined;
  /** What a heartbeat sends. Empty: a ping frame to websocket clients, nothing to others. Default: `""`. */
  readonly pingData?: string | undefined;
  /** Largest message that a client may send; a larger one closes its connection. Default: `10485760` bytes. */
  readonly maxPackageSize?: number | undefined;
  /** Largest head, request line and headers, of an HTTP request or websocket handshake; a larger one is answered 431. Default: `16384` bytes. */
  readonly maxHeaderSize?: number | undefined;
  /** What may wait for a client that reads slowly, before `slowClient` applies. Default: `1024000` bytes. */
  readonly sendToClientBufferSize?: number | undefined;
  /** What happens to a client above `sendToClientBufferSize`: it is closed, or whole messages to it are dropped. Default: `"close"`. */
  readonly slowClient?: 'close' | 'drop' | undefined;
  /** What may wait for one business worker, before the gateway stops reading the clients routed to it. Default: `10240000` bytes. */
  readonly sendToWorkerBufferSize?: number | undefined;
  /** Clients at once; one more is refused. 0 means no limit. Default: `0` connections. */
  readonly maxConnections?: number | undefined;
  /** At a stop: time between the first 503 of the health check and the first client that is closed, for a load balancer to notice. New clients are let in meanwhile. Default: `0` seconds. */
  readonly drainDelay?: number | undefined;
  /** At a stop: time over which the clients are closed, so that they do not all come back at once. 0: all in one go. Default: `0` seconds. */
  readonly drainTime?: number | undefined;
  /** Proxies whose word is taken for where clients come from, where a listener has `proxy`: addresses, ranges such as `10.1.0.0/16`, `loopback` (127.0.0.0/8, ::1, and who comes by a unix socket), and `private` (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7). Default: nobody. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** A udp peer that has sent nothing for this long is forgotten: its client is closed. Default: `60` seconds. */
  readonly udpIdleTimeout?: number | undefined;
  /** Which business worker a new client is bound to. `query:room`: the one that owns the key which the parameter `room` of its handshake is, of this node, or with `query:room@cluster` of all; a path names a module of your own. Default: `"local-first"`. */
  readonly router?: string | undefined;
}

interface UserGatewayListen {
  /** `scheme://host:port`. Schemes: `ws`, `wss` (these also answer plain HTTP), `text` (one line a message), `frame` (4-byte length before each message), `tcp` (raw), `udp`. IPv6 hosts in brackets; port 0 means any free one. `scheme+unix:path`: a unix socket, with every scheme but udp. */
  readonly url: string;
  /** Folder of static files, served over HTTP on the same port. Only with ws and wss. */
  readonly static?: string | undefined;
  /** Module of your own protocol (`input`, `encode`, `decode`), as in Workerman. Only with tcp. */
  readonly protocol?: string | undefined;
  /** Websocket subprotocols (`Sec-WebSocket-Protocol`) that clients may choose from: the first of theirs that is in the list. Only with ws and wss. */
  readonly subprotocols?: readonly string[] | undefined;
  /** Whether websocket messages are compressed (permessage-deflate) for clients that offer it; an object says how. Only with ws and wss. Default: `false`. */
  readonly compression?: boolean | UserGatewayListenCompression | undefined;
  /** Whether clients of Socket.IO, version 3 or 4, may come in at `/socket.io/`; an object says how. Only with ws and wss. Default: `false`. */
  readonly socketIo?: boolean | UserGatewayListenSocketIo | undefined;
  /** Whose pages may open a websocket, by the `Origin` that browsers send: `"https://example.com"`, `"https://*.example.com"`, `"null"`, `"*"` for all. Clients without an Origin, which are no pages, always may. Only with ws and wss. Default: pages of the same host. */
  readonly origins?: readonly string[] | undefined;
  /** A client that has no uid (`bindUid`, or the `uid` of `onHandshake`) this long after it came in is closed; 0: it need not have one. Default: `0`. */
  readonly authTimeout?: number | undefined;
  /** Certificates of a listener, which speaks TLS then; required with wss. They are read again at each reload. Only with wss, text, frame and tcp. */
  readonly tls?: UserGatewayListenTls | undefined;
  /** Who may connect to a unix socket, as of a file: `"660"` for its owner and group, `"666"` for everybody. Only with `+unix`. Default: by the umask. */
  readonly mode?: string | undefined;
  /** How the proxies in front of this port, which `trustedProxies` names, say where their clients come from: `forwarded` (with ws and wss) by the headers X-Forwarded-For and X-Forwarded-Proto, or Forwarded; `proxy-protocol` by the PROXY protocol, version 1 or 2, before anything else. Not with udp. */
  readonly proxy?: 'forwarded' | 'proxy-protocol' | undefined;
  /** How much each client of this port may send: `messages`, `bytes`, or both. */
  readonly rate?: UserGatewayListenRate | undefined;
  /** Clients of one address, of IPv6 a /64, on this port at once; one more is refused, a websocket with 429. Default: no limit. */
  readonly maxConnectionsPerAddress?: number | undefined;
  /** Clients of one address, of IPv6 a /64, that may come in by this port within a second; one more is refused, a websocket with 429 and `Retry-After`. Default: no limit. */
  readonly newConnectionsPerAddress?: number | undefined;
  /** Whether the heartbeat applies. `false`: clients of this port may be silent for ever, such as people who type. Default: `true`. */
  readonly heartbeat?: boolean | undefined;
}

interface UserGatewayListenCompression {
  /** Shorter messages go out as they are: they would gain little. Default: `1024` bytes. */
  readonly threshold?: number | undefined;
  /** How hard zlib tries, from fast to small. Default: `3`. */
  readonly level?: number | undefined;
}

interface UserGatewayListenSocketIo {
  /** The namespaces that clients may come into: `"/"`, `"/admin"`, or `"*"` for any. Default: `["/"]`. */
  readonly namespaces?: readonly string[] | undefined;
  /** Time from one ping to the next. The heartbeat of `pingInterval` is not for these clients, who know only their own. Default: `25` seconds. */
  readonly pingInterval?: number | undefined;
  /** Time that a client has to answer a ping. Default: `20` seconds. */
  readonly pingTimeout?: number | undefined;
  /** Time that a connection may be in no namespace. Default: `45` seconds. */
  readonly connectTimeout?: number | undefined;
}

interface UserGatewayListenTls {
  /** File of the certificate, with those of the authorities between behind it, PEM. */
  readonly cert: string;
  /** File of its private key, PEM, without a passphrase. */
  readonly key: string;
  /** Further certificates: a client is shown the one that has the name which it asks for, and `cert` otherwise. */
  readonly sni?: readonly UserGatewayListenTlsSni[] | undefined;
  /** Whether clients are asked for a certificate. Default: `false`. */
  readonly requestCert?: boolean | undefined;
  /** File of the authorities that sign the certificates of clients, PEM. Needed with `requestCert`. */
  readonly ca?: string | undefined;
  /** With `requestCert`: `false` lets clients in without a certificate, or with one that `ca` did not sign. They have none in the handshake. Default: `true`. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** The oldest version of TLS that is spoken. Default: `"TLSv1.2"`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
}

interface UserGatewayListenTlsSni {
  /** File of the certificate, with those of the authorities between behind it, PEM. */
  readonly cert: string;
  /** File of its private key, PEM, without a passphrase. */
  readonly key: string;
}

interface UserGatewayListenRate {
  /** Messages that one client may send in the time of `per`. Default: no limit. */
  readonly messages?: number | undefined;
  /** Bytes of messages that one client may send in the time of `per`. Default: no limit. */
  readonly bytes?: number | undefined;
  /** The time that `messages` and `bytes` are for. Default: `1` seconds. */
  readonly per?: number | undefined;
  /** How many times as much may come at once, from a client that was silent for as long. Default: `1` times. */
  readonly burst?: number | undefined;
  /** What happens to a client that sends more: it is not read until it may send again, and nothing is lost (with udp, whose clients share one socket, what is too much is dropped); or it is closed, a websocket with 1008. Default: `"pause"`. */
  readonly policy?: 'pause' | 'close' | undefined;
}

interface UserWorker {
  /** Business workers of this node, and of each node of `start --nodes`, whose default is its share of the cores − 1. Default: cores − 1, at least 1. */
  readonly count?: number | undefined;
  /** Folder with `index.ts` (or `.js`): your application. Default: `"events"`. */
  readonly events?: string | undefined;
  /** What one business worker may have waiting for a gateway, before its sends return `false`. Default: `10240000` bytes. */
  readonly sendToGatewayBufferSize?: number | undefined;
  /** A handler that blocks its thread for longer has the thread replaced; one that stays pending for longer no longer holds back its client's next event. 0: no limit. Default: `30` seconds. */
  readonly processTimeout?: number | undefined;
  /** A business worker whose heap and external memory take more is replaced as by a reload: 16 MiB (16777216) at least. 0: no limit. Default: `1073741824` bytes. */
  readonly maxMemory?: number | undefined;
  /** How long a worker may take to load `events/` and run `onWorkerStart`, at a start, a reload, or after a death. The log says after 10 seconds what it waits for. Default: `60` seconds. */
  readonly startTimeout?: number | undefined;
  /** How long handlers that are still running may take when their worker stops. Default: `2` seconds. */
  readonly stopTimeout?: number | undefined;
}

interface UserRegister {
  /** `host:port` that this node's Register listens on. Port 0: any free one. Default: `"127.0.0.1:1236"`. */
  readonly listen?: string | undefined;
}

interface UserCluster {
  /** Every Register of the cluster, `host:port`. One that answers is enough. Default: the Register of this node. */
  readonly registerAddress?: readonly string[] | undefined;
  /** Word that every node, worker and GatewayClient of the cluster has to know. Default: `""`. */
  readonly secretKey?: string | undefined;
  /** Whether inner ports and Registers may be open to other machines though `secretKey` is empty. Default: `false`. */
  readonly allowWithoutSecretKey?: boolean | undefined;
  /** Mutual TLS on the inner ports and the Registers. Every node has to have it; PHP peers have none. */
  readonly tls?: UserClusterTls | undefined;
  /** Time between two pings on inner links. A peer that has been silent for three of them counts as gone. To a Register at most 25. Default: `25` seconds. */
  readonly pingInterval?: number | undefined;
  /** NATS, by which this mesh or single node and others are one whole. */
  readonly backbone?: UserClusterBackbone | undefined;
}

interface UserClusterTls {
  /** File of this node's certificate chain, PEM. */
  readonly cert: string;
  /** File of its private key, PEM. */
  readonly key: string;
  /** File of the authority that signed the certificates of all nodes, PEM. */
  readonly ca: string;
}

interface UserClusterBackbone {
  /** Servers of one NATS: `nats://host:port`, or `tls://host:port` where nothing but TLS will do; the port is 4222 where none is named. One that answers is enough. */
  readonly servers: readonly string[];
  /** Name of the cell that this node belongs to: the same for all nodes of its mesh, and another one than that of any other cell. */
  readonly name: string;
  /** What all subjects begin with. Cells with the same prefix are one whole; others on the same NATS are not seen. Default: `"gatewayworker"`. */
  readonly prefix?: string | undefined;
  /** How TLS is spoken to the servers, which have to speak it then. Files are read again at each connection. */
  readonly tls?: UserClusterBackboneTls | undefined;
  /** Name of a user of NATS. Together with `password`. */
  readonly user?: string | undefined;
  /** Their password. */
  readonly password?: string | undefined;
  /** A token, where the servers ask for one. */
  readonly token?: string | undefined;
  /** Seed of an nkey (`SU…`), or the file that has it. */
  readonly nkey?: string | undefined;
  /** File of credentials (`.creds`): a JWT with the seed of its nkey. Read again at each connection. */
  readonly credentials?: string | undefined;
  /** What clients do that is published as well, for other programs: `"connect"`, `"close"`, `"message"`. */
  readonly events?: readonly ('connect' | 'close' | 'message')[] | undefined;
}

interface UserClusterBackboneTls {
  /** File of the authority that signed the certificates of the servers, PEM. Default: the authorities that Node.js trusts. */
  readonly ca?: string | undefined;
  /** File of the certificate that this node shows, PEM. Together with `key`. */
  readonly cert?: string | undefined;
  /** File of its private key, PEM, without a passphrase. */
  readonly key?: string | undefined;
}

interface UserAdmin {
  /** `host:port` of the admin listener; IPv6 hosts in brackets. Port 0: any free one. Default: `127.0.0.1:8280`, or any free port when that is taken. */
  readonly listen?: string | undefined;
  /** What whoever asks has to know: 16 characters at least, without spaces. Default: a random one for each start, which `gatewayworker admin` tells. */
  readonly token?: string | undefined;
  /** Whether what changes something is refused: sends, `closeClient`, a reload. Default: `false`. */
  readonly readOnly?: boolean | undefined;
  /** Further names by which the admin listener is reached. Requests for another one are refused, since a foreign page could have made it up; addresses, `localhost` and the host of `listen` need not be named. */
  readonly hosts?: readonly string[] | undefined;
  /** Certificates of the admin listener, as those of a listener for clients. */
  readonly tls?: UserAdminTls | undefined;
  /** Whether other machines may reach the admin listener without `tls`: where a proxy has the certificate, or the network is nobody else’s. It needs a `token` nevertheless. Default: `false`. */
  readonly allowWithoutTls?: boolean | undefined;
}

interface UserAdminTls {
  /** File of the certificate, with those of the authorities between behind it, PEM. */
  readonly cert: string;
  /** File of its private key, PEM, without a passphrase. */
  readonly key: string;
  /** Further certificates: a client is shown the one that has the name which it asks for, and `cert` otherwise. */
  readonly sni?: readonly UserAdminTlsSni[] | undefined;
  /** Whether clients are asked for a certificate. Default: `false`. */
  readonly requestCert?: boolean | undefined;
  /** File of the authorities that sign the certificates of clients, PEM. Needed with `requestCert`. */
  readonly ca?: string | undefined;
  /** With `requestCert`: `false` lets clients in without a certificate, or with one that `ca` did not sign. They have none in the handshake. Default: `true`. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** The oldest version of TLS that is spoken. Default: `"TLSv1.2"`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
}

interface UserAdminTlsSni {
  /** File of the certificate, with those of the authorities between behind it, PEM. */
  readonly cert: string;
  /** File of its private key, PEM, without a passphrase. */
  readonly key: string;
}

interface UserLog {
  /** The least severe lines that are logged. Default: `"info"`. */
  readonly level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent' | undefined;
}
