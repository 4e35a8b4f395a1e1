/** What the node has refused, or could not do. */
export class AskError extends Error {
  /** 0 where nobody has answered. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Called when the node does not know this page any more. */
let onUnknown: () => void = () => {};

export function whenUnknown(listener: () => void): void {
  onUnknown = listener;
}

/** Whether the cookie of this page is worth anything; yes where that cannot be found out now. */
export async function isKnown(): Promise<boolean> {
  try {
    const { status } = await fetch('/api/live', { method: 'HEAD' });
    if (status === 401) onUnknown();
    return status !== 401;
  } catch {
    return true;
  }
}

/** Asks the node that the page came from. @returns its result @throws AskError */
export async function ask(path: string, body: unknown = {}, signal?: AbortSignal): Promise<unknown> {
  let response: Response;
  let json: { result?: unknown; error?: { message?: string } };
  try {
    response = await fetch(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
      ...(signal && { signal }),
    });
    json = await response.json();
  } catch (error) {
    throw new AskError((error as Error).message, 0);
  }
  if (response.ok) return json.result;
  if (response.status === 401 && path !== '/api/login') onUnknown();
  throw new AskError(json.error?.message ?? response.statusText, response.status);
}
