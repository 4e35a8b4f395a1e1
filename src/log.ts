import { type DestinationStream, destination as fileDestination, type Logger, pino } from 'pino';
import { PinoPretty } from 'pino-pretty';
import { messageOf, stackOf } from './error-text.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  /** A pino level, or `silent`. */
  readonly level: string;
  /** Where JSON lines go. */
  readonly destination: DestinationStream;
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

/**
 * Where a process logs to: for people when standard output is a terminal, else JSON lines. It takes JSON lines, is
 * written synchronously and without pino's transport threads, so that the last line before an exit is never lost.
 */
export function standardOutput(): DestinationStream {
  return process.stdout.isTTY
    ? PinoPretty({ sync: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' })
    : fileDestination({ dest: 1, sync: true });
}

/** pino's own tells of causes that are errors, and not of the parts of an AggregateError. */
const serializers = {
  err: (error: unknown) =>
    error instanceof Error
      ? { ...pino.stdSerializers.err(error), message: messageOf(error), stack: stackOf(error) }
      : error,
};

/** A log that writes JSON lines to `destination`, without secrets. */
export function createLogger({ level, destination }: LoggerOptions): Logger {
  return pino({ level, redact: { paths: REDACTED_PATHS, censor: '[hidden]' }, serializers }, destination);
}
