import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  encodeRegisterLine,
  MAX_REGISTER_LINE,
  MAX_REGISTER_REQUEST,
  parseRegisterLine,
  type RegisterLine,
} from '#src/wire/register-line.js';
import { recordedLinks } from '../support/transcript.js';

const padded = (line: string, length: number) => Buffer.from(line.padEnd(length));
const lineError = (message: RegExp) => ({ code: 'GW_REGISTER_LINE', message });

describe('lines of a real GatewayWorker 4.0', () => {
  const lines = recordedLinks()
    .filter(({ name }) => name.startsWith('register#'))
    .flatMap(({ sent, received }) => [sent, received])
    .flatMap((bytes) => bytes.toString().split('\n'))
    .filter((line) => line !== '');

  it('are read, and written again say the same', () => {
    const events = new Set<string>();
    for (const line of lines) {
      const message = parseRegisterLine(line);
      events.add(message.event);
      assert.deepEqual(JSON.parse(encodeRegisterLine(message).toString()), JSON.parse(line));
      assert.deepEqual(parseRegisterLine(encodeRegisterLine(message)), message);
    }
    assert.deepEqual([...events].toSorted(), ['broadcast_addresses', 'gateway_connect', 'worker_connect']);
  });

  it('are written as PHP writes them', () => {
    assert.equal(
      encodeRegisterLine({ event: 'worker_connect', secretKey: 's3cret' }).toString(),
      '{"event":"worker_connect","secret_key":"s3cret"}\n',
    );
    assert.equal(
      encodeRegisterLine({ event: 'gateway_connect', address: '127.0.0.2:2900', secretKey: '' }).toString(),
      '{"event":"gateway_connect","address":"127.0.0.2:2900","secret_key":""}\n',
    );
    assert.equal(
      encodeRegisterLine({ event: 'broadcast_addresses', addresses: ['127.0.0.2:2900'] }).toString(),
      '{"event":"broadcast_addresses","addresses":["127.0.0.2:2900"]}\n',
    );
    assert.equal(encodeRegisterLine({ event: 'ping' }).toString(), '{"event":"ping"}\n');
  });
});

describe('parseRegisterLine', () => {
  it('round trips every message, line ends within strings included', () => {
    const port = fc.integer({ min: 1, max: 65535 });
    const address = fc
      .tuple(fc.oneof(fc.ipV4(), fc.domain()), port)
      .map(([host, number]) => `${host}:${number}`);
    const secretKey = fc.string({ unit: 'binary' });
    const message: fc.Arbitrary<RegisterLine> = fc.oneof(
      fc
        .tuple(address, secretKey)
        .map(([a, s]) => ({ event: 'gateway_connect' as const, address: a, secretKey: s })),
      secretKey.map((s) => ({ event: 'worker_connect' as const, secretKey: s })),
      fc.uniqueArray(address).map((addresses) => ({ event: 'broadcast_addresses' as const, addresses })),
    );
    fc.assert(
      fc.property(message, (original) => {
        const line = encodeRegisterLine(original);
        assert.equal(line.indexOf('\n'), line.length - 1);
        assert.deepEqual(parseRegisterLine(line), original);
        assert.deepEqual(parseRegisterLine(line.toString().trimEnd()), original);
      }),
    );
  });

  it('takes an absent secret key for the empty one, and passes over keys that it does not know', () => {
    assert.deepEqual(parseRegisterLine('{"event":"worker_connect","colour":"red"}\r\n'), {
      event: 'worker_connect',
      secretKey: '',
    });
  });

  it('reads a list that PHP wrote as an object, and drops duplicates', () => {
    const line = '{"event":"broadcast_addresses","addresses":{"0":"a:1","2":"b_1.c:2","3":"a:1"}}';
    assert.deepEqual(parseRegisterLine(line), {
      event: 'broadcast_addresses',
      addresses: ['a:1', 'b_1.c:2'],
    });
  });

  it('names the problem', () => {
    const refused: [string, RegExp][] = [
      ['', /not JSON/],
      ['{"event":"ping"}{"event":"ping"}', /not JSON/],
      ['null', /JSON but not an object/],
      ['["ping"]', /JSON but not an object/],
      ['{}', /event is missing; expected gateway_connect, worker_connect, ping or broadcast_addresses/],
      ['{"event":7}', /event is of type number/],
      ['{"event":"toString"}', /event is "toString"/],
      [`{"event":"${'x'.repeat(100)}"}`, /event is "x{40}…"/],
      ['{"event":"gateway_connect","secret_key":""}', /address is missing; expected host:port/],
      ['{"event":"gateway_connect","address":"127.0.0.1"}', /address is "127.0.0.1"; expected host:port/],
      ['{"event":"gateway_connect","address":"127.0.0.1:0"}', /expected host:port/],
      ['{"event":"gateway_connect","address":"127.0.0.1:65536"}', /expected host:port/],
      ['{"event":"gateway_connect","address":"a b:1"}', /expected host:port/],
      ['{"event":"gateway_connect","address":"a:1\\n"}', /expected host:port/],
      ['{"event":"worker_connect","secret_key":7}', /secret_key is of type number; expected a string/],
      ['{"event":"broadcast_addresses"}', /addresses is not a list/],
      ['{"event":"broadcast_addresses","addresses":"a:1"}', /addresses is not a list/],
      ['{"event":"broadcast_addresses","addresses":["a:1",5]}', /address is of type number/],
    ];
    for (const [line, message] of refused) {
      assert.throws(() => parseRegisterLine(line), lineError(message), line);
    }
  });

  it('never repeats a secret', () => {
    const lines = [
      '{"secret_key":s3cret',
      's3cret',
      '{"event":"worker_connect","secret_key":["s3cret"]}',
      '{"event":"gateway_connect","address":5,"secret_key":"s3cret"}',
      '{"event":"hello","secret_key":"s3cret"}',
    ];
    for (const line of lines) {
      assert.throws(
        () => parseRegisterLine(line),
        (error: Error) => !`${error.message} ${String(error.cause)}`.includes('s3cret'),
        line,
      );
    }
  });

  it('bounds the length: 1 MiB for a broadcast, 8 KiB for what comes before the secret key was seen', () => {
    const broadcast = '{"event":"broadcast_addresses","addresses":["a:1"]}';
    assert.equal(parseRegisterLine(padded(broadcast, MAX_REGISTER_LINE)).event, 'broadcast_addresses');
    assert.throws(
      () => parseRegisterLine(padded(broadcast, MAX_REGISTER_LINE + 1)),
      lineError(/expected at most 1048576/),
    );
    const ping = '{"event":"ping"}';
    assert.equal(parseRegisterLine(padded(ping, MAX_REGISTER_REQUEST)).event, 'ping');
    assert.throws(
      () => parseRegisterLine(padded(ping, MAX_REGISTER_REQUEST + 1)),
      lineError(/8193 bytes long; expected at most 8192/),
    );
  });
});
