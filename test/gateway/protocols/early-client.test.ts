import assert from 'node:assert/strict';
import { Server } from 'node:net';
import { describe, it } from 'node:test';
import { openListener } from '#src/gateway/protocols/listener.js';
import { ProtocolHost } from '../../support/protocol-host.js';

/*
 * Where processes share a port, the first client is handed to a process in the same breath as the word that the port is
 * open. So whoever takes clients has to be there before.
 */
describe('a listener takes clients from the moment in which its port opens', () => {
  for (const scheme of ['ws', 'text', 'frame', 'tcp']) {
    it(scheme, async (t) => {
      let takers = 0;
      const listen = Reflect.get(Server.prototype, 'listen') as (...options: unknown[]) => Server;
      t.mock.method(Server.prototype, 'listen', function (this: Server, ...options: unknown[]) {
        takers = this.listenerCount('connection');
        return Reflect.apply(listen, this, options);
      });
      const listener = await openListener(
        { url: `${scheme}://127.0.0.1:0`, maxPackageSize: 1000, udpIdleTimeout: 60 },
        new ProtocolHost(),
      );
      await listener.close();
      assert.equal(takers, 1);
    });
  }
});
