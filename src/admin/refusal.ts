import { PartialResultError } from '../api/pending-queries.js';
import { type ErrorCode, GatewayError } from '../base/errors.js';
import { asJson } from './json.js';

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

/** `{"error":{"code":"GW_…","message":"…"}}`, and what is known nevertheless of a query that some gateways did not answer. */
export function errorBody(error: unknown): object {
  const { code, message } =
    error instanceof GatewayError
      ? error
      : { code: 'GW_REQUEST', message: 'The request failed by a fault of the node: see its log.' };
  if (!(error instanceof PartialResultError)) return { error: { code, message } };
  return { error: { code, message }, partial: asJson(error.partial), missing: error.missing };
}
