/**
 * The one vocabulary between gateways and workers: GatewayWorker 4.0's command numbers, and ours from 220 on.
 *
 * Ours never reach a PHP peer: a worker offers them as features in WORKER_CONNECT, and a gateway uses them
 * only on links where it was offered them.
 */
export const Command = {
  // gateway to worker: what a client did
  ON_CONNECT: 1,
  ON_MESSAGE: 3,
  ON_CLOSE: 4,
  ON_WEBSOCKET_CONNECT: 205,

  // worker to gateway: sends
  SEND_TO_ONE: 5,
  SEND_TO_ALL: 6,
  KICK: 7,
  DESTROY: 8,
  SEND_TO_UID: 14,
  SEND_TO_GROUP: 22,

  // worker to gateway: sessions, uids, groups
  UPDATE_SESSION: 9,
  SET_SESSION: 204,
  BIND_UID: 12,
  UNBIND_UID: 13,
  JOIN_GROUP: 20,
  LEAVE_GROUP: 21,
  UNGROUP: 27,

  // worker to gateway: queries, each with a reply
  GET_ALL_CLIENT_SESSIONS: 10,
  IS_ONLINE: 11,
  GET_CLIENT_ID_BY_UID: 15,
  BATCH_GET_CLIENT_ID_BY_UID: 16,
  GET_CLIENT_SESSIONS_BY_GROUP: 23,
  GET_CLIENT_COUNT_BY_GROUP: 24,
  SELECT: 25,
  GET_GROUP_ID_LIST: 26,
  BATCH_GET_CLIENT_COUNT_BY_GROUP: 28,
  GET_SESSION_BY_CLIENT_ID: 203,

  // links
  WORKER_CONNECT: 200,
  PING: 201,
  GATEWAY_CLIENT_CONNECT: 202,

  // ours, gateway to worker: the reply to the query whose request id it carries (see wire/frame.ts)
  REPLY: 220,
  // ours, worker to gateway: what a handler changed in its client's session, as JSON {set, delete}
  PATCH_SESSION: 221,
  // ours, worker to gateway: stop and go on reading a client whose events queue up behind a pending handler
  PAUSE_CLIENT: 222,
  RESUME_CLIENT: 223,
  // ours, query: a client's whole state (see wire/client-state.ts), for a worker that takes over from another
  GET_CLIENT_STATE: 224,
  // ours, worker to gateway: whether the worker takes events (bits of WorkerState in client_ip); gateway to worker, with
  // LEAVING: no event follows
  WORKER_STATE: 225,
  // ours, gateway to worker: the client sends no more, behind its last event; worker to gateway: everything that it sent is
  // handled (only to workers that offered ENDED_FEATURE, wire/worker-connect.ts)
  CLIENT_ENDED: 226,

  // ours, gateway to worker: a websocket asks to come in, and is no client yet (only to workers that are HANDSHAKES); worker
  // to gateway: what onHandshake says to that (wire/handshake-answer.ts)
  ON_HANDSHAKE: 240,
  HANDSHAKE_ANSWER: 241,
  // ours, gateway to worker: a plain HTTP request (only to workers that are REQUESTS); worker to gateway: what onRequest says to
  // that (wire/web-request.ts)
  ON_REQUEST: 242,
  REQUEST_ANSWER: 243,
  // ours, to every gateway: a client has taken a uid for itself, and closes the others that have it
  EXCLUSIVE_UID: 250,

  // ours, worker thread to its slot: a copy of an event that waits behind a pending handler, so that its place
  // in the event ring can be used again; and the word that the event is now started, so that the copy can go
  PARK_EVENT: 230,
  UNPARK_EVENT: 231,
  // ours, slot to worker thread, after the last event of a link that broke: the clients of the gateway that local_ip and
  // local_port name are other workers' from now on, or gone
  GATEWAY_GONE: 232,
  // ours, slot to worker thread: a thread before this one has closed the client; and worker thread to slot: the last event
  // of a closed client has been started, or there will be none, so nobody has to know of it any more
  CLIENT_CLOSED: 233,
  CLIENT_FORGOTTEN: 234,
  // ours, worker thread to its slot, and slot to the thread before it whose number client_ip is (0: all): an answer of a
  // client to what that has asked it; without a body: the client is gone
  CLIENT_ANSWERED: 235,

  // ours, with the feature route/1 (wire/worker-connect.ts). Worker to gateway: the client goes to the worker that owns a key
  ROUTE_CLIENT: 236,
  // gateway to worker, behind the client's last event: the client is to go to another worker, or, with Flag.OWN, stays, as
  // the answer to a ROUTE_CLIENT with that flag; worker thread to its slot: so many of those (client_ip) have their answer
  CLIENT_ROUTED: 237,
  // worker to gateway: nothing of the client is pending here any more; its body are the events that were not begun, as frames
  // one behind the other; with Flag.OWN, the worker has closed it
  CLIENT_MOVED: 238,
  // worker to gateway: data for another worker; and gateway to that worker: the data, and in ext_data who has sent it
  SEND_TO_WORKER: 246,
  ON_WORKER_MESSAGE: 247,

  // ours, with the feature interest/1: which uids and groups a gateway has clients of (wire/interest.ts)
  INTEREST: 248,
} as const;

export type Command = (typeof Command)[keyof typeof Command];

/** Whether a gateway answers this command of GatewayWorker's. */
export function isQuery(command: number): boolean {
  return queryNumbers.has(command);
}

const queryNumbers = new Set<number>([
  Command.GET_ALL_CLIENT_SESSIONS,
  Command.IS_ONLINE,
  Command.GET_CLIENT_ID_BY_UID,
  Command.BATCH_GET_CLIENT_ID_BY_UID,
  Command.GET_CLIENT_SESSIONS_BY_GROUP,
  Command.GET_CLIENT_COUNT_BY_GROUP,
  Command.SELECT,
  Command.GET_GROUP_ID_LIST,
  Command.BATCH_GET_CLIENT_COUNT_BY_GROUP,
  Command.GET_SESSION_BY_CLIENT_ID,
]);

const names = new Map<number, string>(Object.entries(Command).map(([name, number]) => [number, name]));

/** The name of a command for logs and messages: `SEND_TO_ALL`, or `command 99`. */
export function commandName(command: number): string {
  return names.get(command) ?? `command ${command}`;
}

/**
 * Whether a command comes on a worker's stream of events: what a client or a worker did, and what else has to be known at that point,
 * for which there is no handler.
 */
export function isEvent(command: number): boolean {
  return eventNames.has(command) || command === Command.CLIENT_ENDED || command === Command.CLIENT_ROUTED;
}

/** The handler of an event, for logs and messages: `onMessage`. */
export function eventName(command: number): string {
  return eventNames.get(command) ?? commandName(command);
}

const eventNames = new Map<number, string>([
  [Command.ON_HANDSHAKE, 'onHandshake'],
  [Command.ON_REQUEST, 'onRequest'],
  [Command.ON_CONNECT, 'onConnect'],
  [Command.ON_WEBSOCKET_CONNECT, 'onWebSocketConnect'],
  [Command.ON_MESSAGE, 'onMessage'],
  [Command.ON_CLOSE, 'onClose'],
  [Command.ON_WORKER_MESSAGE, 'onWorkerMessage'],
]);

/** Bits of a frame's flag byte. The first two are GatewayWorker's. */
export const Flag = {
  /** The body is a plain string; else it is PHP-serialized. */
  PLAIN_BODY: 0x01,
  /** The body goes to the client as it is, without the protocol's encode. */
  RAW: 0x02,
  /** Ours: the body came from, or goes out as, a binary websocket message. */
  BINARY: 0x04,
  /** Ours: ext_data is a client's state (wire/client-state.ts), not only its session. */
  STATE: 0x08,
  /** Ours: the reply shall be a REPLY frame with this frame's request id. */
  REQUEST: 0x10,
  /** Ours: a change of a client's state that the client's own worker counts (wire/client-state.ts, `applied`). */
  COUNTED: 0x20,
  /** Ours: the client that a command is about is one of this worker's: KICK, DESTROY, ROUTE_CLIENT and what answers it. */
  OWN: 0x40,
  /** Ours: the body is a message with a name (wire/named-message.ts); with BINARY, one with bytes in it (wire/named-bytes.ts). */
  NAMED: 0x80,
} as const;

/** Bits that WORKER_STATE carries in client_ip. */
export const WorkerState = {
  /** A thread serves: new clients may be bound to this worker. */
  READY: 1,
  /** More events wait for it than its buffer takes: send no more until this bit is gone again. */
  CONGESTED: 2,
  /** It is about to end: send no more events, answer with the same bit, and keep its clients' events until it is gone. */
  LEAVING: 4,
  /** Its code has an onHandshake: websockets that would be bound to it are asked about first. */
  HANDSHAKES: 8,
  /** Its code has an onRequest: plain HTTP requests may go to it. */
  REQUESTS: 16,
} as const;
