import { type ErrorCode, GatewayError } from '../base/errors.js';

/** A request that is not done, with the status and the headers that say so. */
export class Refusal extends GatewayError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    options: { readonly code?: ErrorCode; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(options.code ?? 'GW_REQUEST', message);
    this.status = status;
    this.headers = options.headers ?? {};
  }
}

/** What an error of ours is in HTTP: whose fault it is, and whether it helps to try again. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  GW_ARGUMENT: 400,
  GW_CLIENT_ID: 400,
  GW_SESSION: 400,
  GW_CONTROL: 409,
  GW_EVENTS_MISSING: 422,
  GW_EVENTS_COMPILE: 422,
  GW_EVENTS_INVALID: 422,
  GW_EVENTS_START: 422,
  GW_START_TIMEOUT: 422,
  GW_HANDOVER: 422,
  GW_TLS: 422,
  GW_CONFIG: 422,
  GW_CLUSTER: 503,
  GW_LINK_CLOSED: 503,
  GW_OVERFLOW: 503,
  GW_TIMEOUT: 504,
};

export function statusOf(error: unknown): number {
  if (error instanceof Refusal) return error.status;
  return (error instanceof GatewayError && STATUS[error.code]) || 500;
}
