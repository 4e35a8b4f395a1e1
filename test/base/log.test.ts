import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLogger } from '#src/base/log.js';

/** A destination that keeps its lines. */
function memory(): { write(line: string): void; lines: Array<Record<string, unknown>> } {
  const lines: Array<Record<string, unknown>> = [];
  return { lines, write: (line) => void lines.push(JSON.parse(line)) };
}

describe('createLogger', () => {
  it('writes JSON lines, from its level upwards', () => {
    const destination = memory();
    const log = createLogger({ level: 'warn', destination });
    log.info('too quiet');
    log.warn({ port: 8282 }, 'in use');
    assert.equal(destination.lines.length, 1);
    assert.equal(destination.lines[0].port, 8282);
    assert.equal(destination.lines[0].msg, 'in use');
  });

  it('writes why an error came about: its causes, and the parts of an AggregateError', () => {
    const destination = memory();
    const cause = new AggregateError([new Error('connect ECONNREFUSED')], '');
    createLogger({ level: 'warn', destination }).warn({ err: new Error('fetch failed', { cause }) });
    const { message, stack } = destination.lines[0].err as { message: string; stack: string };
    for (const text of [message, stack]) assert.match(text, /fetch failed[^]*connect ECONNREFUSED/);
  });

  it('writes nothing when silent', () => {
    const destination = memory();
    createLogger({ level: 'silent', destination }).fatal('no');
    assert.deepEqual(destination.lines, []);
  });

  it('hides secrets, cookies and credentials down to the fourth level, and in child loggers', () => {
    const destination = memory();
    const log = createLogger({ level: 'info', destination });
    const headers = {
      cookie: 'hunter2',
      authorization: 'hunter2',
      'set-cookie': ['hunter2'],
      'proxy-authorization': 'hunter2',
      host: 'shown',
    };
    log.info({ secretKey: 'hunter2', secret_key: 'hunter2', name: 'shown' }, 'top');
    log.info({ config: { cluster: { secretKey: 'hunter2' } } }, 'nested');
    log.info({ client: { handshake: { headers, cookies: { session: 'hunter2' } } } }, 'deep');
    log.info({ server: { HTTP_COOKIE: 'hunter2', HTTP_AUTHORIZATION: 'hunter2' } }, 'php');
    log.child({ headers }).info('child');
    const text = JSON.stringify(destination.lines);
    assert.ok(!text.includes('hunter2'), text);
    assert.equal(destination.lines.length, 5);
    assert.equal(text.split('shown').length - 1, 3, 'and nothing else');
    assert.equal(headers.cookie, 'hunter2', 'the caller keeps its object');
  });
});
