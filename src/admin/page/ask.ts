/** What the node has refused, or could not do. */
export class AskError extends Error {
  /** `GW_…`; '' where it was not the node that answered. */
  readonly code: string;
  readonly status: number;

  constructor(message: string, code: string, status: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** An answer of the node: its result, and who of several has not taken part in it. */
export interface Answer {
  readonly result: unknown;
  readonly missing: readonly string[];
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

/** Asks the node that the page came from. @throws AskError */
export async function ask(path: string, body: unknown = {}, signal?: AbortSignal): Promise<Answer> {
  const answer = await exchange(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
    ...(signal && { signal }),
  });
  return answer;
}

async function exchange(path: string, init: RequestInit): Promise<Answer> {
  let response: Response;
  let json: { result?: unknown; missing?: readonly string[]; error?: { code?: string; message?: string } };
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
    json = await response.json();
  } catch (error) {
    throw new AskError((error as Error).message, '', 0);
  }
  if (response.ok) return { result: json.result, missing: json.missing ?? [] };
  if (response.status === 401 && path !== '/api/login') onUnknown();
  throw new AskError(json.error?.message ?? response.statusText, json.error?.code ?? '', response.status);
}
