import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GatewayCalls } from '#src/api/gateway-calls.js';
import { PendingQueries } from '#src/api/pending-queries.js';
import { systemClock } from '#src/base/clock.js';

const NAMES = ['room', '大厅', 'a"b', '"],"exclude":null}', 'back\\slash', 'new\nline', '\u2028', '\u0000'];

/** The Gateway API, and the ext_data of what it last sent. */
function api(): { readonly gateway: GatewayCalls; readonly ext: () => string } {
  const gateway = new GatewayCalls();
  let ext = '';
  const transport = {
    gateways: () => [{ ip: 0x7f000001, port: 1, up: true, php: false, routes: true }],
    send(frame: { ext: string | Uint8Array }) {
      ext = String(frame.ext);
      return true;
    },
    drained: async () => {},
    nextRequestId: () => 1,
    flushSession() {},
    changing: () => 0,
  };
  gateway.attach({ transport, requests: new PendingQueries(systemClock) });
  return { gateway, ext: () => ext };
}

describe('sends by name', () => {
  const { gateway, ext } = api();

  it('name a uid as JSON, whatever is in it', () => {
    for (const uids of [...NAMES.map((name) => [name]), NAMES, []]) {
      gateway.sendToUid(uids, '');
      assert.equal(ext(), JSON.stringify(uids));
    }
  });

  it('name a group as JSON, with and without clients that are left out', () => {
    for (const group of [...NAMES.map((name) => [name]), NAMES, []]) {
      gateway.sendToGroup(group, '');
      assert.equal(ext(), JSON.stringify({ group, exclude: null }));
      gateway.sendToGroup(group, '', { exclude: '7f000001000100000007' });
      assert.equal(ext(), JSON.stringify({ group, exclude: { 7: 7 } }));
    }
  });
});
