/** The version of Engine.IO that is spoken here, as clients say it: that of Socket.IO 3 and 4. */
const VERSION = '4';

/** What a request of a client's is refused with. The codes and their meanings are Engine.IO's. */
export interface EngineRefusal {
  readonly status: number;
  readonly code: number;
  readonly message: string;
}

export const UNKNOWN_TRANSPORT: EngineRefusal = { status: 400, code: 0, message: 'Transport unknown' };
export const UNKNOWN_SESSION: EngineRefusal = { status: 400, code: 1, message: 'Session ID unknown' };
export const BAD_METHOD: EngineRefusal = { status: 400, code: 2, message: 'Bad handshake method' };
export const BAD_REQUEST: EngineRefusal = { status: 400, code: 3, message: 'Bad request' };
export const FORBIDDEN: EngineRefusal = { status: 403, code: 4, message: 'Forbidden' };
export const OLD_VERSION: EngineRefusal = {
  status: 400,
  code: 5,
  message: 'Unsupported protocol version: use version 3 or 4 of the client of Socket.IO (EIO=4)',
};

/** What a request asks for. */
export interface EngineQuery {
  readonly transport: 'polling' | 'websocket';
  /** '' for a new session. */
  readonly sid: string;
}

/** Reads the query of a request. */
export function engineQuery(query: string): EngineQuery | EngineRefusal {
  const parameters = new URLSearchParams(query);
  const transport = parameters.get('transport');
  if (transport !== 'polling' && transport !== 'websocket') return UNKNOWN_TRANSPORT;
  if (parameters.get('EIO') !== VERSION) return OLD_VERSION;
  return { transport, sid: parameters.get('sid') ?? '' };
}
