import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Inbox, LIMIT } from './inbox.js';

export interface InspectorEvent {
  readonly method: string;
  readonly params?: Record<string, unknown>;
}

interface Reply {
  readonly result: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A session of the inspector protocol: what a debugger speaks with node, or by way of node with one of its threads. */
export class InspectorSession {
  readonly #events = new Inbox<InspectorEvent>('the debugger');
  readonly #replies = new Map<number, (reply: Reply) => void>();
  /** By what node calls their sessions. */
  readonly #threads = new Map<unknown, InspectorSession>();
  readonly #send: (message: string) => void;
  #lastId = 0;

  constructor(send: (message: string) => void) {
    this.#send = send;
  }

  /** A session with the main thread. @param url as node prints it */
  static async connect(url: string): Promise<{ session: InspectorSession; close: () => void }> {
    const socket = new WebSocket(url);
    const session = new InspectorSession((message) => socket.send(message));
    socket.on('message', (data: Buffer) => session.receive(data.toString()));
    await once(socket, 'open', { signal: AbortSignal.timeout(LIMIT) });
    return { session, close: () => socket.close() };
  }

  receive(text: string): void {
    const message = JSON.parse(text) as InspectorEvent & Reply & { id?: number };
    const { sessionId, message: forThread } = message.params ?? {};
    if (message.method === 'NodeWorker.receivedMessageFromWorker')
      this.#threads.get(sessionId)?.receive(String(forThread));
    else if (message.id === undefined) this.#events.put(message);
    else this.#replies.get(message.id)?.(message);
  }

  /** Asks for something; resolves with the result. */
  async request(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const reply = new Promise<Reply>((resolve) => void this.#replies.set(id, resolve));
    this.#send(JSON.stringify({ id, method, params }));
    const { result, error } = await reply;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** The next event of this kind, with these params; others before it are passed over. */
  async event(
    method: string,
    fits: (params: Record<string, unknown>) => boolean = () => true,
  ): Promise<Record<string, unknown>> {
    for (;;) {
      const event = await this.#events.next();
      const { params = {} } = event;
      if (event.method === method && fits(params)) return params;
    }
  }

  /** The session with the next worker thread that this session sees. */
  async nextThread(): Promise<InspectorSession> {
    const { sessionId } = await this.event('NodeWorker.attachedToWorker');
    const thread = new InspectorSession((message) => {
      void this.request('NodeWorker.sendMessageToWorker', { sessionId, message });
    });
    this.#threads.set(sessionId, thread);
    return thread;
  }
}
