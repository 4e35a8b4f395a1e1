import { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../base/clock.js';

/** How long a thread may take to be stopped: it answers within milliseconds, even out of an endless loop. */
const DEADLINE = 700;

interface CallFrame {
  readonly functionName: string;
  /** Line and column from 0. */
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
}

/** What the thread's inspector says that is of use here. */
type Notice =
  | {
      readonly method: 'Debugger.scriptParsed';
      readonly params: { readonly scriptId: string; readonly url: string };
    }
  | { readonly method: 'Debugger.paused'; readonly params: { readonly callFrames: CallFrame[] } };

/**
 * Where a thread of this process is stuck: its JavaScript stack, innermost first, taken by the inspector, which interrupts
 * endless loops too. The thread goes on afterwards.
 *
 * @param locate gives the source position of a place in a bundle, if it is one
 * @returns a line per call; none when the thread does not answer
 */
export async function stackOf(
  threadId: number,
  clock: Clock,
  locate: (url: string, line: number, column: number) => string | undefined,
): Promise<string[]> {
  const urls = new Map<string, string>();
  let stuck: string | undefined;
  const session = new Session();
  session.connect();
  try {
    const frames = await new Promise<CallFrame[]>((resolve) => {
      clock.setTimeout(() => resolve([]), DEADLINE);
      session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
        // its id is the inspector's own count; the title begins with the thread's number
        if (!workerInfo.title.startsWith(`[worker ${threadId}]`)) return;
        stuck = sessionId;
        tell(session, sessionId, 'Debugger.enable');
        tell(session, sessionId, 'Debugger.pause');
      });
      session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
        if (sessionId !== stuck) return;
        const notice = JSON.parse(message) as Notice;
        if (notice.method === 'Debugger.scriptParsed') urls.set(notice.params.scriptId, notice.params.url);
        if (notice.method !== 'Debugger.paused') return;
        // a thread that is stopped by its debugger cannot be ended
        tell(session, sessionId, 'Debugger.resume');
        resolve(notice.params.callFrames);
      });
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    });
    return frames.map(({ functionName, location: { scriptId, lineNumber, columnNumber } }) => {
      const url = urls.get(scriptId) ?? '';
      const place =
        locate(url, lineNumber, columnNumber) ?? `${pathOf(url)}:${lineNumber + 1}:${columnNumber + 1}`;
      return `at ${functionName === '' ? '<anonymous>' : functionName} (${place})`;
    });
  } finally {
    session.post('NodeWorker.disable');
    session.disconnect();
  }
}

function tell(session: Session, sessionId: string, method: string): void {
  session.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id: 1, method }) });
}

function pathOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
