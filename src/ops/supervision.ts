/** What a node tells the process that started it, over node's IPC channel. */
export type NodeReport =
  | { readonly event: 'up'; readonly pid: number; readonly listeners: readonly string[] }
  | { readonly event: 'failed'; readonly message: string; readonly status: number }
  /** It ends on purpose: not to be started again. */
  | { readonly event: 'stopping' };

/** Does nothing in a process that was not started with a channel, or whose channel is gone. */
export function report(message: NodeReport): void {
  if (process.connected) process.send?.(message);
}

export function isReport(message: unknown): message is NodeReport {
  const { event } = Object(message) as { event?: unknown };
  return event === 'up' || event === 'failed' || event === 'stopping';
}
