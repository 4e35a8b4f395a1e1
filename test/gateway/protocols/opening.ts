import type { TestContext } from 'node:test';
import { openListener } from '#src/gateway/protocols/listener.js';
import type { ListenerOptions } from '#src/gateway/protocols/listener-context.js';
import type { Listener } from '#src/gateway/protocols/protocol.js';
import { fixture } from '../../support/fixtures.js';
import { ProtocolHost } from '../../support/protocol-host.js';

/** A certificate for tests only. */
export const tls = { cert: fixture('test-only-cert.pem'), key: fixture('test-only-key.pem') };

/** Opens a port on the loopback interface for one test, and closes it and all clients with the test. */
export async function open(
  t: TestContext,
  scheme: string,
  options: Partial<ListenerOptions> = {},
): Promise<{ host: ProtocolHost; listener: Listener }> {
  const host = new ProtocolHost();
  const defaults = { url: `${scheme}://127.0.0.1:0`, maxPackageSize: 8 * 1024 * 1024, udpIdleTimeout: 60 };
  const listener = await openListener({ ...defaults, ...options }, host);
  t.after(async () => {
    const closed = listener.close();
    for (const client of host.clients) client.destroy();
    await closed;
  });
  return { host, listener };
}
