import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Msg } from '@nats-io/transport-node';
import { toAll, toGroup } from '#src/backbone/foreign-messages.js';
import { ipToNumber } from '#src/wire/client-id.js';

const GATEWAY = { ip: ipToNumber('10.0.0.1'), port: 2900 };

it('bytes that call themselves text are refused: whoever got them would close the connection', () => {
  const message = { subject: 'gatewayworker.all' } as Msg;
  const latin = Buffer.from('caf\xe9', 'latin1');
  assert.throws(() => toAll(latin, message, GATEWAY), { code: 'GW_ARGUMENT', message: /no text in UTF-8/ });
  assert.equal(toAll(Buffer.from('café'), message, GATEWAY).body.toString(), 'café');
  assert.throws(() => toGroup(latin, { subject: 'gatewayworker.group.tea' } as Msg, GATEWAY), {
    code: 'GW_ARGUMENT',
  });
});
