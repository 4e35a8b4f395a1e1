import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

/*
 * Loaded into a server, and so into each of its threads, before anything else: tells whoever forked the process what
 * the heaps hold once everything is collected that nobody holds.
 */

/** Bytes after a forced collection, all threads together. */
export interface HeapUse {
  readonly heap: number;
  /** Buffers and what else lives outside of the heaps. */
  readonly external: number;
}

type Message =
  | { readonly kind: 'here'; readonly thread: number }
  | { readonly kind: 'collect'; readonly round: number }
  | ({ readonly kind: 'collected'; readonly round: number; readonly thread: number } & HeapUse);

/** Collections until nothing more is freed: finalizers of one free what the next one finds. */
const COLLECTIONS = 3;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const channel = new BroadcastChannel('memory-probe');
channel.unref();
if (isMainThread) serveMainThread();
else serveThread();

async function useNow(): Promise<HeapUse> {
  for (let count = 0; count < COLLECTIONS; count++) {
    collect();
    await new Promise((resolve) => void setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, external };
}

function serveThread(): void {
  onMessage(async (message) => {
    if (message.kind !== 'collect') return;
    const { round } = message;
    post({ kind: 'collected', round, thread: threadId, ...(await useNow()) });
  });
  post({ kind: 'here', thread: threadId });
}

function serveMainThread(): void {
  const threads = new Set<number>();
  let round = 0;
  let answered: ((answer: Message & { kind: 'collected' }) => void) | undefined;
  onMessage((message) => {
    if (message.kind === 'here') threads.add(message.thread);
    if (message.kind === 'collected' && message.round === round) answered?.(message);
  });
  const askThreads = async (): Promise<HeapUse[]> => {
    const missing = new Set(threads);
    const uses: HeapUse[] = [];
    if (missing.size === 0) return uses;
    round++;
    return await new Promise((resolve) => {
      answered = ({ thread, heap, external }) => {
        missing.delete(thread);
        uses.push({ heap, external });
        if (missing.size === 0) resolve(uses);
      };
      post({ kind: 'collect', round });
    });
  };
  process.on('message', async (message) => {
    if (message !== 'heap-use') return;
    const all = [await useNow(), ...(await askThreads())];
    process.send?.({
      heap: all.reduce((sum, { heap }) => sum + heap, 0),
      external: all.reduce((sum, { external }) => sum + external, 0),
    } satisfies HeapUse);
  });
  // a server that has nothing more to do ends all the same
  process.channel?.unref();
}

function onMessage(take: (message: Message) => void | Promise<void>): void {
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- node's channel has this only
  channel.onmessage = ({ data }: { data: Message }) => void take(data);
}

function post(message: Message): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel, not a window
  channel.postMessage(message);
}
