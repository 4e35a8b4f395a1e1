import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { GatewayClient } from '#src/client/index.js';
import { systemClock } from '#src/base/clock.js';
import { createLogger } from '#src/base/log.js';
import { RegisterServer } from '#src/register/register-server.js';
import { formatClientId, ipToNumber } from '#src/wire/client-id.js';
import { Command, Flag } from '#src/wire/command.js';
import { fixture } from '../support/fixtures.js';
import { PhpGateway } from '../support/php-gateway.js';
import { RegisterPeer } from '../support/register-peer.js';

/** A call of PHP's GatewayClient to a PHP gateway, as it was recorded. */
interface RecordedCall {
  readonly step: string;
  readonly args: readonly unknown[];
  readonly result: unknown;
  readonly traffic: readonly { conn: string; dir: '>' | '<'; hex: string }[];
}

/** The address in the recorded client ids: 127.0.0.2:2900. */
const RECORDED_ADDRESS = '7f0000020b54';

/** PHP passes by position what is options here. */
const ARGUMENTS: Record<string, (args: readonly unknown[]) => unknown[]> = {
  sendToAll: ([message, clientIds, exclude, raw]) => [
    message,
    { clientIds: clientIds ?? undefined, exclude: exclude ?? undefined, raw },
  ],
  sendToGroup: ([group, message, exclude]) => [group, message, { exclude }],
};

/** PHP's lists are maps from each item to itself, and its truths 1 and 0. */
const RESULTS: Record<string, (result: unknown) => unknown> = {
  isOnline: Boolean,
  isUidOnline: Boolean,
  isUidsOnline: (result) => mapped(result, Boolean),
  getClientSessionsByGroup: (result) => mapped(result, (session) => session),
  getAllGroupUidList: (result) => mapped(result, list),
  getAllGroupClientIdList: (result) => mapped(result, list),
  ...Object.fromEntries(
    [
      'getClientIdListByGroup',
      'getAllClientIdList',
      'getUidListByGroup',
      'getAllUidList',
      'getAllGroupIdList',
    ].map((call) => [call, list]),
  ),
};

function list(result: unknown): string[] {
  return Object.values(result as object).map(String);
}

function mapped(result: unknown, convert: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(result as object).map(([key, value]) => [key, convert(value)]));
}

for (const file of ['gatewayworker-transcript.json', 'gatewayworker-transcript-numeric.json']) {
  const transcript = JSON.parse(readFileSync(fixture(file), 'utf8')) as {
    secretKey: string;
    client_ids: string[];
    steps: RecordedCall[];
  };
  const calls = transcript.steps.filter(({ step }) => step.startsWith('GatewayClient '));

  describe(`the calls of ${file}`, () => {
    let register: RegisterServer;
    let gateway: PhpGateway;
    let announced: RegisterPeer;
    let client: GatewayClient;
    /** What the next query is answered, and what has been received since that was set. */
    let answer: Buffer = Buffer.alloc(0);
    let received: Buffer[] = [];
    let onReceived: (() => void) | undefined;

    before(async () => {
      const { secretKey } = transcript;
      gateway = await PhpGateway.listen((frame, { socket, frames }) => {
        // the link's own question comes right after the secret key
        if (frame.command === Command.GATEWAY_CLIENT_CONNECT) return;
        if (frames.length === 2) {
          socket.write(Buffer.from('00000004693a303b', 'hex'));
          return;
        }
        received.push(frame.copy());
        socket.write(answer);
        onReceived?.();
      });
      const log = createLogger({ level: 'silent', destination: { write() {} } });
      register = await RegisterServer.open({ listen: '127.0.0.1:0', secretKey, clock: systemClock, log });
      announced = await RegisterPeer.announce(register.port, `127.0.0.1:${gateway.port}`, secretKey);
      client = new GatewayClient({ registerAddress: register.address, secretKey });
      await client.connect();
    });
    after(async () => {
      await client.close();
      announced.close();
      await register.close();
      await gateway.close();
    });

    /** With the recorded clients as clients of the test's gateway. */
    function local<T>(value: T): T {
      const clientIds = transcript.client_ids.map((id) => JSON.stringify(id));
      const text = JSON.stringify(value ?? null)
        .replaceAll(/"#(\d)"/g, (_, index: string) => clientIds[Number(index)])
        .replaceAll(RECORDED_ADDRESS, formatClientId(ipToNumber('127.0.0.1'), gateway.port, 0).slice(0, 12));
      return JSON.parse(text) as T;
    }

    assert.equal(calls.length, file.includes('numeric') ? calls.length : 47);
    for (const [number, { step, args, result, traffic }] of calls.entries()) {
      const call = step.split(' ')[1];
      it(`${number + 1}: ${call} ${JSON.stringify(args).slice(1, -1)}`, { timeout: 10_000 }, async () => {
        const onGateway = traffic.filter(({ conn }) => conn.startsWith('gateway#') && conn !== 'gateway#2');
        const bytes = (dir: string): Buffer =>
          Buffer.from(
            onGateway
              .filter((part) => part.dir === dir)
              .map(({ hex }) => hex)
              .join(''),
            'hex',
          );
        received = [];
        answer = bytes('<');
        const arrived = new Promise<void>((resolve) => (onReceived = resolve));
        const given = local(args).map((arg) =>
          typeof arg === 'string' && arg.startsWith('hex:') ? Buffer.from(arg.slice(4), 'hex') : arg,
        );
        const method = client[call as keyof GatewayClient] as (...args: unknown[]) => unknown;
        const found = await method.apply(client, ARGUMENTS[call]?.(given) ?? given);
        await arrived;

        const sent = bytes('>');
        const introduction = sent.readUInt32BE(0);
        assert.deepEqual(received.map(asPhp), [sent.subarray(introduction)]);
        if (onGateway.some(({ dir }) => dir === '<')) {
          assert.deepEqual(plain(found), RESULTS[call]?.(local(result)) ?? local(result));
        } else {
          assert.equal(found, true);
        }
      });
    }
  });
}

/** Without what a PHP gateway passes over: a bit of ours, and the connection id of a query that names it in its ext_data. */
function asPhp(frame: Buffer): Buffer {
  frame[21] &= ~Flag.BINARY;
  if (frame[4] === Command.SELECT) frame.fill(0, 17, 21);
  return frame;
}

/** As JSON would carry it: without the difference that an object has no prototype. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}
