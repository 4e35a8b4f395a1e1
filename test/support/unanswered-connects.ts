import { Socket } from 'node:net';
import type { TestContext } from 'node:test';

/**
 * From now on no attempt to connect is answered, nor refused, until the test ends: as by a machine that is off, or behind a
 * firewall that drops. Loopback answers always, so that the attempts do not leave this process.
 *
 * @returns those attempts
 */
export function leaveConnectsUnanswered(t: TestContext): readonly Socket[] {
  const attempts: Socket[] = [];
  t.mock.method(Socket.prototype, 'connect', function (this: Socket & { connecting: boolean }) {
    attempts.push(this);
    this.connecting = true;
    return this;
  });
  return attempts;
}
