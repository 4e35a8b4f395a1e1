import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ThreadLink } from '#src/link/thread-link.js';
import type { GatewayState } from '#src/link/gateway-state.js';
import { LinkGauge } from '#src/ring/link-gauge.js';
import { Command, Flag } from '#src/wire/command.js';
import { type Frame, emptyFrame } from '#src/wire/frame.js';
import { ThreadTransport } from '#src/worker/thread-transport.js';
import { openSlot } from '../support/link-carriers.js';
import { LocalPeer } from '../support/link-peer.js';

const BUFFER = 64 * 1024;
const LOCAL: GatewayState = { ip: 0x7f000001, port: 1, up: true, php: false, routes: true, gauge: null };

interface Scene {
  readonly transport: ThreadTransport;
  /** What reaches the slot. */
  readonly slot: LocalPeer;
}

async function scene(t: TestContext): Promise<Scene> {
  const { slot, end } = openSlot(BUFFER);
  const link = new ThreadLink('the slot', slot.attach());
  const peer = new LocalPeer(slot);
  await peer.listen();
  link.subscribe({ frame() {}, drained() {}, closed() {} });
  t.after(() => {
    link.destroy();
    end();
  });
  return { transport: new ThreadTransport(link, { bufferSize: BUFFER, thread: 1 }), slot: peer };
}

/** The gateway 127.0.0.1:`port` of another node, and what waits for it. */
function remote(port: number, gauge = new LinkGauge()): { state: GatewayState; gauge: LinkGauge } {
  return { state: { ip: 0x7f000001, port, up: true, php: false, routes: true, gauge: gauge.shared }, gauge };
}

function to({ ip, port }: { ip: number; port: number }, body = ''): Frame {
  return {
    ...emptyFrame(),
    command: Command.SEND_TO_ONE,
    localIp: ip,
    localPort: port,
    flags: Flag.PLAIN_BODY,
    body,
  };
}

const EVERYONE = { ip: 0, port: 0 };

describe('a thread’s way to the gateways', () => {
  it('refuses what is for a gateway that is down or unknown, and says so; a broadcast passes it over', async (t) => {
    const { transport, slot } = await scene(t);
    const { state } = remote(2);
    transport.setGateways([LOCAL, { ...state, up: false }]);
    assert.throws(() => transport.send(to(state)), {
      code: 'GW_LINK_CLOSED',
      message: /The link to the gateway 127\.0\.0\.1:2 is down/,
    });
    assert.throws(() => transport.send(to({ ip: state.ip, port: 3 })), {
      code: 'GW_LINK_CLOSED',
      message: /no link to the gateway 127\.0\.0\.1:3.* knows 127\.0\.0\.1:1, 127\.0\.0\.1:2\./,
    });
    assert.equal(transport.send(to(LOCAL)), true);
    assert.equal(transport.send(to(EVERYONE)), true);
    assert.equal((await slot.received(2)).length, 2);
  });

  it('tells who cannot be asked any more: gone, or down', async (t) => {
    const { transport } = await scene(t);
    const [a, b] = [remote(2).state, remote(3).state];
    assert.deepEqual(transport.setGateways([LOCAL, a, b]), []);
    const lost = transport.setGateways([LOCAL, { ...a, up: false }]).map(({ port }) => port);
    assert.deepEqual(lost, [2, 3]);
    assert.deepEqual(transport.setGateways([LOCAL, a]), []);
  });

  it('accepts and says false while much waits for a gateway; drained waits until little does', async (t) => {
    const { transport, slot } = await scene(t);
    const { state, gauge } = remote(2);
    transport.setGateways([LOCAL, state]);
    gauge.show(BUFFER, true);
    assert.equal(transport.send(to(state)), false);
    assert.equal(transport.send(to(EVERYONE)), false);
    assert.equal(transport.send(to(LOCAL)), true, 'others are not concerned');
    await slot.received(3);
    let drained = false;
    const waiting = transport.drained().then(() => (drained = true));
    transport.setGateways([LOCAL, state]);
    await turn();
    assert.equal(drained, false);
    gauge.show(0, false);
    transport.setGateways([LOCAL, state]);
    await waiting;
    await transport.drained();
  });

  it('throws beyond twice the buffer of one gateway, before a broadcast has reached any', async (t) => {
    const { transport, slot } = await scene(t);
    const { state, gauge } = remote(2);
    transport.setGateways([LOCAL, state]);
    gauge.show(2 * BUFFER + 1, true);
    const overflow = {
      code: 'GW_OVERFLOW',
      message: /131073 bytes wait for 127\.0\.0\.1:2, more than twice/,
    };
    assert.throws(() => transport.send(to(state)), overflow);
    assert.throws(() => transport.send(to(EVERYONE)), overflow);
    assert.equal(transport.send(to(LOCAL)), true);
    assert.equal((await slot.received(1)).length, 1);
    assert.equal((await slot.facts()).frames, 1);
  });

  it('refuses a frame that a gateway of PHP’s would hang up on, and takes it for ours', async (t) => {
    const { transport, slot } = await scene(t);
    const [ours, php] = [remote(2).state, { ...remote(3).state, php: true }];
    const long = 'x'.repeat(10 * 1024 * 1024);
    transport.setGateways([LOCAL, ours, php]);
    const refused = {
      code: 'GW_ARGUMENT',
      message:
        /10485788 bytes on the way to another node; the gateway 127\.0\.0\.1:3, which is PHP, takes 10485760 at most/,
    };
    assert.throws(() => transport.send(to(php, long)), refused);
    assert.throws(() => transport.send(to(EVERYONE, long)), refused);
    transport.send(to(ours, long));
    assert.equal((await slot.received(1))[0].length, 10_485_788);
  });

  it('takes a frame of any length for its own gateway, and for all that are up and take it', async (t) => {
    const long = 'x'.repeat(10 * 1024 * 1024);
    const down = { ...remote(3).state, php: true, up: false };
    for (const target of [LOCAL, EVERYONE]) {
      const { transport, slot } = await scene(t);
      transport.setGateways([LOCAL, remote(2).state, down]);
      transport.send(to(target, long));
      assert.equal((await slot.received(1))[0].length, 10_485_788);
    }
  });
});
