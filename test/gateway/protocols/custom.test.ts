import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { netstring, netstringModule, tcp } from './formats.js';
import { open } from './opening.js';
import { StreamPeer } from './peer.js';

const folder = await mkdtemp(join(tmpdir(), 'protocol-module-'));
after(() => rm(folder, { recursive: true }));
let modules = 0;

/** Each module gets a name of its own: node loads a file once. */
async function write(source: string, extension = 'mjs'): Promise<string> {
  const path = join(folder, `module-${modules++}.${extension}`);
  await writeFile(path, source);
  return path;
}

/** Opens a port with a protocol module, and lets a client in that sends and sees bytes. */
async function start(t: TestContext, protocolModule: string, format = tcp) {
  const { host, listener } = await open(t, 'tcp', { protocol: protocolModule, maxPackageSize: 1_000 });
  const connect = async () => {
    const joined = await host.join(() => StreamPeer.connect(listener.context.url, format));
    t.after(() => joined[1].destroy());
    return joined;
  };
  return { host, connect };
}

/** A module that takes each chunk as a message, but for what `functions` replaces. */
function moduleWith(functions: string): string {
  const defaults =
    'input: (buffer) => buffer.length, decode: (buffer) => buffer, encode: (message) => message,';
  return `export default { ${defaults} ${functions} };`;
}

describe('a protocol module', { timeout: 20_000 }, () => {
  for (const [what, source, extension] of [
    ['exports by name', netstringModule, 'mjs'],
    [
      'has a default export',
      `${netstringModule.replaceAll('export ', '')} export default { input, decode, encode };`,
      'mjs',
    ],
    [
      'is CommonJS',
      `${netstringModule.replaceAll('export ', '')} module.exports = { input, decode, encode };`,
      'cjs',
    ],
    [
      'is TypeScript',
      `${netstringModule.replace('(buffer)', '(buffer: Buffer): number')} type Unused = 1;`,
      'ts',
    ],
  ]) {
    it(`is used when it ${what}`, async (t) => {
      const path = await write(source, extension);
      const { host, connect } = await start(t, path, netstring);
      const [transport, peer] = await connect();
      assert.ok(path.endsWith(transport.protocol.name));
      assert.equal(transport.protocol.sharedEncoding, true);
      peer.write(Buffer.from('5:hello,'));
      await host.until('the message', () => host.messages.length === 1);
      assert.deepEqual(host.messages, [{ transport, data: Buffer.from('hello'), binary: false }]);
      transport.write(transport.protocol.encode(Buffer.from('welcome'), false, transport));
      await peer.until('the answer', () => peer.messages.length === 1);
      assert.deepEqual(peer.messages.map(String), ['welcome']);
    });
  }

  it('in TypeScript may import its neighbours, and leaves nothing behind that git would see', async (t) => {
    await writeFile(join(folder, 'neighbour.ts'), 'export const greeting: string = "from next door";');
    const source = `import { greeting } from './neighbour.js';\n${moduleWith('decode: () => greeting')}`;
    const { host, connect } = await start(t, await write(source, 'ts'));
    const [, peer] = await connect();
    peer.write(Buffer.from('x'));
    await host.until('the message', () => host.messages.length === 1);
    assert.equal(String(host.messages[0].data), 'from next door');
    assert.deepEqual(await readdir(join(folder, '.gatewayworker')), ['.gitignore']);
    assert.equal(await readFile(join(folder, '.gatewayworker', '.gitignore'), 'utf8'), '*\n');
  });

  it('gives bytes by returning bytes, and gets them as they were sent', async (t) => {
    const source = moduleWith('encode: (message) => typeof message === "string" ? "text" : "bytes"');
    const { host, connect } = await start(t, await write(source));
    const [transport, peer] = await connect();
    peer.write(Buffer.from('x'));
    await host.until('the message', () => host.messages.length === 1);
    assert.equal(host.messages[0].binary, true);
    const [text, bytes] = [false, true].map((binary) =>
      transport.protocol.encode(Buffer.alloc(1), binary, transport),
    );
    assert.deepEqual([String(text), String(bytes)], ['text', 'bytes']);
  });

  it('knows the connection, and keeps its own state there', async (t) => {
    const source = moduleWith(`
      decode(buffer, connection) {
        connection.state.count = (connection.state.count ?? 0) + 1;
        return JSON.stringify(connection);
      },
      encode: (message, connection) => message + connection.state.count,
    `);
    const { host, connect } = await start(t, await write(source));
    const [[first, firstPeer], [second, secondPeer]] = [await connect(), await connect()];
    for (const [count, peer] of [firstPeer, firstPeer, secondPeer].entries()) {
      peer.write(Buffer.from('x'));
      await host.until('the message', () => host.messages.length > count);
    }
    const { remoteAddress, remotePort, listener: port } = first;
    const expected = { remoteAddress, remotePort, localPort: port.port, state: { count: 2 } };
    assert.deepEqual(JSON.parse(String(host.from(first)[1])), expected);
    assert.equal(first.protocol.sharedEncoding, false);
    assert.equal(String(first.protocol.encode(Buffer.from('n='), false, first)), 'n=2');
    assert.equal(String(first.protocol.encode(Buffer.from('n='), false, second)), 'n=1');
  });

  it('is asked for the length of each package once, if it can tell', async (t) => {
    const lengths: number[] = [];
    Reflect.set(globalThis, 'asked', lengths);
    const source = moduleWith('input: (buffer) => { globalThis.asked.push(buffer.length); return 300; }');
    const { host, connect } = await start(t, await write(source));
    const [transport, peer] = await connect();
    for (let count = 0; count < 600; count++) await peer.flush(Buffer.from('x'));
    await host.until('two packages', () => host.messages.length === 2);
    assert.deepEqual(
      host.from(transport).map(({ length }) => length),
      [300, 300],
    );
    assert.equal(lengths.length, 2);
  });
});

describe('a protocol module that fails', { timeout: 20_000 }, () => {
  for (const [kind, what, functions, message] of [
    ['input', 'throws in input', 'input() { throw new Error("no idea"); }', /input failed: no idea/],
    ['input', 'refuses', 'input: () => -1', /input returned -1/],
    ['input', 'returns no number', 'input: () => {}', /input returned undefined/],
    ['input', 'returns NaN', 'input: () => NaN', /input returned NaN/],
    ['input', 'is async', 'input: async (buffer) => buffer.length', /input returned \[object Promise\]/],
    ['too long', 'names too long a length', 'input: () => 1001', /1001 bytes; maxPackageSize is 1000/],
    ['decode', 'throws in decode', 'decode() { throw new Error("no idea"); }', /decode failed: no idea/],
    ['decode', 'decodes to no message', 'decode: JSON.parse', /decode returned Number/],
  ] as const) {
    it(`loses its client when it ${what}`, async (t) => {
      const path = await write(moduleWith(functions));
      const { host, connect } = await start(t, path);
      const [transport, peer] = await connect();
      peer.write(Buffer.from('1'));
      await host.until('the end', () => host.gone.length === 1);
      assert.deepEqual([host.gone, host.messages], [[transport], []]);
      assert.deepEqual(
        [host.refusals.length, host.refusals[0].kind],
        [1, `${transport.protocol.name} ${kind}`],
      );
      assert.match(host.refusals[0].message, message);
    });
  }

  for (const [what, parameters, gone] of [
    ['closes the client whose message it cannot encode', 'message, connection', 1],
    ['closes nobody when the encoding is shared', 'message', 0],
  ] as const) {
    it(what, async (t) => {
      const source = moduleWith(`encode(${parameters}) { throw new Error("no idea"); }`);
      const { host, connect } = await start(t, await write(source));
      const [transport, peer] = await connect();
      assert.equal(transport.protocol.encode(Buffer.from('x'), false, transport).length, 0);
      assert.match(host.refusals[0].message, /encode failed: no idea/);
      if (gone === 1) await host.until('the end', () => host.gone.length === 1);
      else {
        peer.write(Buffer.from('still here'));
        await host.until('the message', () => host.messages.length === 1);
      }
      assert.equal(host.gone.length, gone);
    });
  }

  for (const [what, source, extension, message] of [
    [
      'lacks a function',
      'export function input() {} export function decode() {}',
      'mjs',
      /exports decode, input; expected/,
    ],
    ['exports nothing', '', 'mjs', /exports nothing; expected the functions input, decode and encode/],
    ['does not compile', 'export const = 1;', 'ts', /Expected identifier/],
    ['throws', 'throw new Error("not today");', 'mjs', /not today/],
  ] as const) {
    it(`is refused when it ${what}`, async (t) => {
      const path = await write(source, extension);
      await assert.rejects(open(t, 'tcp', { protocol: path }), (error) => {
        assert.ok(error instanceof Error && 'code' in error);
        assert.equal(error.code, 'GW_PROTOCOL_MODULE');
        assert.ok(error.message.includes(path), error.message);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it('is refused when it does not exist', async (t) => {
    const protocolModule = join(folder, 'missing.js');
    await assert.rejects(open(t, 'tcp', { protocol: protocolModule }), {
      code: 'GW_PROTOCOL_MODULE',
      message: /missing\.js/,
    });
  });
});
