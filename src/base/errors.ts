/**
 * Every error that a user of this package can meet, by code. The text says what the code means in general;
 * the message of the error itself names what was found, what was expected and what to do.
 * `docs/errors.md` is generated from this table, and a test compares the two.
 */
export const ERROR_CODES = {
  GW_CONFIG: 'The configuration is wrong or cannot be read.',
  GW_EVENTS_MISSING: 'The events folder or its index file does not exist.',
  GW_EVENTS_COMPILE: 'The events folder does not compile.',
  GW_COMPILER: 'The compiler, which is a process of its own, cannot be run.',
  GW_EVENTS_INVALID: 'The events module does not export what the framework needs.',
  GW_EVENTS_START: 'onWorkerStart failed.',
  GW_LISTEN: 'A listener cannot be opened.',
  GW_TLS:
    'A certificate of a listener, its private key, or the authority of its clients cannot be read or used.',
  GW_PROTOCOL_MODULE: 'A protocol or router module cannot be loaded, or misbehaves.',
  GW_FRAME: 'Bytes that are no frame of the inner protocol.',
  GW_SERIALIZE: 'A value that cannot be PHP-serialized, or bytes that cannot be read as such.',
  GW_REGISTER_LINE: 'A line that is no message of the Register protocol.',
  GW_AUTH:
    'A peer on an inner port or a Register did not know the secret key, or this node did not know theirs; or whoever asked the admin listener did not know its token.',
  GW_CLUSTER:
    'A node that does not fit its cluster, or cannot join it: its address, its name, its Register or its certificates.',
  GW_BACKBONE:
    'The backbone cannot be used: its package is not installed, or its servers, login or certificates cannot be used.',
  GW_CLIENT_ID: 'A client id that is not 20 hexadecimal digits.',
  GW_ARGUMENT:
    'An argument of a Gateway call that cannot be used: an empty uid or group, one that is not the same everywhere, a message of the wrong type.',
  GW_OVERFLOW:
    'More was sent than the buffer takes: await Gateway.drained() after a send that returned false.',
  GW_LINK_CLOSED: 'The link to the gateway, or to the worker, is closed.',
  GW_TIMEOUT: 'A query was not answered within its deadline.',
  GW_MESSAGE:
    'A message with a name that was not taken, as its client is told: there is none of that name, or its data does not fit the schema.',
  GW_HANDLER:
    'A message with a name whose handler failed, as its client is told. What happened is in the log.',
  GW_REFUSED: 'A message with a name, or a request to a client, that was answered with an error.',
  GW_CLIENT_GONE: 'A client that was asked something has gone before it answered.',
  GW_NO_CONTEXT: 'A …Current… call, made outside an event handler.',
  GW_SESSION:
    'A session that cannot be stored: it must be a plain object, and hold what comes back as it was: plain values, arrays and plain objects.',
  GW_START_TIMEOUT:
    'A worker was not ready within worker.startTimeout: its code did not load, or onWorkerStart did not end.',
  GW_WORKER_DIED: 'A worker thread ended on its own.',
  GW_HANDOVER:
    'A worker’s state did not come over from the old code to the new: onHandOver or onTakeOver failed or took too long, or the state cannot be cloned. The old code goes on with it.',
  GW_METRIC:
    'A metric of the application that cannot be made, since its name, labels or buckets cannot be used or there is another one by that name; or a value or label that it cannot be given.',
  GW_DATABASE:
    'A database that cannot be used: its URL is wrong, its driver is not installed, it cannot be reached, its connection broke, or it is closed.',
  GW_COMMIT_UNKNOWN:
    'A connection to a database broke while a statement or a COMMIT was on its way: it may have been carried out, or not. It is never sent again by itself.',
  GW_SQL:
    'A statement that the database refused, or a call on a database, builder or transaction that is wrong.',
  GW_PROJECT:
    'A new project cannot be made: its folder is taken or cannot be written, or npm could not install it.',
  GW_REQUEST:
    'A request to the admin listener that is refused: its path, method, body or Host, whose page it comes from, or that it changes something where admin.readOnly is true.',
  GW_CONTROL:
    'A command and the running node: it runs already, or it does not run, or it cannot be reached, or it refuses.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The one error class of the public API. Tell cases apart by `code`, never by the message. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
