import { type DestinationStream, type Logger, pino } from 'pino';
import { messageOf, stackOf } from './error-text.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  /** A pino level, or `silent`. */
  readonly level: string;
  /** Where JSON lines go. */
  readonly destination: DestinationStream;
  /** Fields for every line, asked for as it is written. */
  readonly mixin?: () => object;
}

/** Names under which a secret may reach a log line; `HTTP_…` are those of a PHP-style handshake. */
const SECRET_NAMES = [
  'secretKey',
  'secret_key',
  'cookie',
  'cookies',
  'set-cookie',
  'authorization',
  'proxy-authorization',
  'HTTP_COOKIE',
  'HTTP_AUTHORIZATION',
];
/** pino's wildcards stand for one level each: fields, fields of a field, and two levels further. */
const REDACTED_PATHS = ['', '*', '*.*', '*.*.*'].flatMap((parent) =>
  SECRET_NAMES.map((name) => `${parent}["${name}"]`),
);

/** pino's own tells of causes that are errors, and not of the parts of an AggregateError. */
const serializers = {
  err: (error: unknown) =>
    error instanceof Error
      ? { ...pino.stdSerializers.err(error), message: messageOf(error), stack: stackOf(error) }
      : error,
};

/** A log that writes JSON lines to `destination`, without secrets. */
export function createLogger({ level, destination, mixin }: LoggerOptions): Logger {
  return pino(
    { level, redact: { paths: REDACTED_PATHS, censor: '[hidden]' }, serializers, mixin },
    destination,
  );
}
