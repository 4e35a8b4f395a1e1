import type { ErrorCode } from '../../base/errors.js';

/** What a node tells the process that started it, over node's IPC channel. */
export type NodeReport =
  | { readonly event: 'up'; readonly pid: number; readonly listeners: readonly string[] }
  | { readonly event: 'failed'; readonly code: ErrorCode; readonly message: string }
  /** It ends on purpose: not to be started again. */
  | { readonly event: 'stopping' };

/** Resolves when the report is on its way; does nothing when nobody is there to hear it. */
export async function report(message: NodeReport): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.send && process.connected) process.send(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

export function isReport(message: unknown): message is NodeReport {
  const { event } = Object(message) as { event?: unknown };
  return event === 'up' || event === 'failed' || event === 'stopping';
}
