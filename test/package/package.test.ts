import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Sample, samplesIn } from '../support/documents.js';
import { PackageProject, ROOT } from '../support/package-project.js';

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const MODULES = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
};
/** Everything that is checked by default, and what is not as well. */
const STRICT = {
  target: 'es2022',
  lib: ['es2022'],
  strict: true,
  skipLibCheck: false,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
};

/** Messages with names, without a single type that is written down, and mistakes. */
const MESSAGES = `
import { Bytes, Gateway, Refused, type StandardSchema, defineEvents, message } from 'gatewayworker';
import { Type } from 'typebox';

declare module 'gatewayworker' {
  interface Emits {
    said: { from: string; text: string };
    bye: undefined;
  }
}
declare const standard: StandardSchema<{ name: string }>;

const events = defineEvents<{ room: string }>()({
  messages: {
    say: message({ text: Type.String(), to: Type.Optional(Type.String()), file: Bytes }, (client, { text, to, file }) => {
      const room: string = client.session.room + text + file.byteLength;
      // @ts-expect-error -- it may be missing
      const given: string = to;
      // @ts-expect-error -- no such field
      client.session.rom = room;
      client.emit('said', { from: given, text });
      client.emit('bye');
      Gateway.emitToGroup(room, 'said', { from: room, text }, { exclude: client.id });
      Gateway.emitToAll('bye', undefined, { clientIds: [client.id] });
      // @ts-expect-error -- no such event
      client.emit('sayd', {});
      // @ts-expect-error -- a wrong field
      Gateway.emitToAll('said', { form: '', text });
      // @ts-expect-error -- without its data
      Gateway.emitToUid('ann', 'said');
    }),
    // @ts-expect-error -- no such field
    typo: message({ text: Type.String() }, (client, { txt }) => txt),
    join: message(Type.Object({ room: Type.String() }), async (client, { room }) => ({ people: [room] })),
    json: message({ type: 'object', properties: { a: { type: 'number' } }, required: ['a'] } as const, (_, { a }) => a.toFixed()),
    rename: message(standard, (_, { name }) => {
      if (name === '') throw new Refused('empty', 'A name has letters');
    }),
    ping: message(async (client) => {
      const said: unknown = await client.request('said', { from: '', text: '' }, { timeout: 1000 });
      // @ts-expect-error -- what a client answers is not known
      const text: string = said;
      return text;
    }),
  },
  onConnect(client) {
    client.session.room = 'lobby';
  },
});
export default events;

type Messages = NonNullable<typeof events.messages>;
type Types<Name extends keyof Messages> = NonNullable<Messages[Name]['types']>;
export const join: Types<'join'> = { data: { room: '' }, answer: { people: [''] } };
export const say: Types<'say'>['data'] = { text: '', file: new Uint8Array() };
export const json: Types<'json'> = { data: { a: 1 }, answer: '' };
export const rename: Types<'rename'> = { data: { name: '' }, answer: undefined };
// @ts-expect-error -- the answer is a list
export const wrong: Types<'join'>['answer'] = { people: '' };
export const old = defineEvents<{ room: string }>({
  messages: { say: message({ n: Type.Integer() }, (client, { n }) => client.session.room + n.toFixed()) },
});
`;

/** What a stranger writes first, and every name that there is. */
const APPLICATION = `
import * as all from 'gatewayworker';
import * as ofBrowser from 'gatewayworker/browser';
import * as ofClient from 'gatewayworker/client';
import * as ofDatabase from 'gatewayworker/database';
import * as ofTests from 'gatewayworker/testing';
import { defineEvents, Gateway, type ProtocolModule, type Router, type UserConfig } from 'gatewayworker';

export const names: readonly unknown[] = [all, ofBrowser, ofClient, ofDatabase, ofTests];
export const config: UserConfig = { gateway: { pingInterval: 55 }, worker: { count: 1 } };
export const protocol: ProtocolModule = {
  input: (buffer) => buffer.length,
  decode: (buffer) => buffer.subarray(1),
  encode: (message) => (typeof message === 'string' ? message : message.subarray(1)),
};
export const router: Router = (workers, client) => (client.gatewayPort === 1 ? workers[0] : workers[0]);
export default defineEvents<{ name?: string }>({
  onWebSocketConnect(client, { query, headers, cookies }) {
    // each may be missing
    const found: (string | undefined)[] = [query.a, headers.host, cookies.c];
    // @ts-expect-error -- so this is a mistake
    const host: string = headers.host;
    client.send(found.join(host));
  },
  async onRequest(request, { remoteAddress }) {
    // with the types of whatever the project has
    const asked: string = request.method + request.url + (request.headers.get('a') ?? '') + (await request.text());
    Gateway.sendToAll(asked + remoteAddress);
  },
  async onMessage(client, message) {
    const text: string = typeof message === 'string' ? message : String(message.byteLength);
    Gateway.sendToAll(text);
    client.send(message);
    client.session.name = (await Gateway.getUidByClientId(client.id)) ?? text;
  },
});
`;
const WITH_NODE = `
import { defineEvents } from 'gatewayworker';
export default defineEvents({
  onMessage(client, message) {
    const bytes: Buffer = Buffer.isBuffer(message) ? message : Buffer.from(message);
    client.send(bytes.subarray(bytes.readUInt8(0)));
  },
  onRequest(request) {
    const url: string = request.clone().url;
    return url === '' ? new Response(request.body) : Response.json({ url });
  },
});
`;

/** What samples take for given. */
const GIVEN = `
import type { Client } from 'gatewayworker';
import type { Database } from 'gatewayworker/database';
import type { TestApp } from 'gatewayworker/testing';
declare global {
  const db: Database;
  const client: Client;
  const app: TestApp;
  const assert: typeof import('node:assert/strict');
  const id: string, first: string, second: string, text: string;
  const items: readonly string[];
  function save(id: string, text: string): Promise<void>;
  function audit(text: string): Promise<void>;
}
`;

/** A sample as the module that it is part of. */
function moduleOf({ code, language }: Sample): string {
  if (language === 'js') return code;
  const names = ['defineEvents', 'Gateway', 'message', 'Refused'].filter(
    (name) =>
      new RegExp(name === 'message' ? ': message\\(' : name).test(code) &&
      !new RegExp(`import [^;]*\\b${name}\\b[^;]*'gatewayworker'`).test(code),
  );
  const schemas = code.includes('Type.') && !code.includes("'typebox'");
  const given = `import { type Events, ${names.join(', ')} } from 'gatewayworker';\n${schemas ? "import { Type } from 'typebox';\n" : ''}`;
  if (/^(?:async )?on[A-Z]\w+\(/.test(code))
    return `${given}export default {\n${code}} satisfies Partial<Events>;`;
  if (/^(?:export|interface|async function) /m.test(code)) return given + code;
  const imports = code.match(/^import .*\n/gm) ?? [];
  return `${given}${imports.join('')}export async function sample() {\n${code.replace(/^import .*\n/gm, '')}}\n`;
}

/** The README's sample in this language that has this word. */
function readme(language: string, word: string): string {
  return (
    samplesIn(language).find(({ document, code }) => document === 'README.md' && code.includes(word))?.code ??
    ''
  );
}

describe('the package, installed from its tarball into an empty project', () => {
  const project = new PackageProject();
  before(() => project.install(project.pack()));
  after(() => project.remove());

  function compile(files: readonly string[], compilerOptions: object): void {
    project.write(
      'tsconfig.json',
      JSON.stringify({ compilerOptions: { ...STRICT, ...compilerOptions }, files }),
    );
    project.run(process.execPath, [TSC, '-p', '.']);
  }

  for (const [name, modules] of Object.entries(MODULES)) {
    it(`has types that are right by themselves: ${name}, no @types/node`, () => {
      project.write('application.mts', APPLICATION);
      compile(['application.mts'], modules);
    });
  }

  describe('beside typebox', () => {
    before(() => project.link('typebox'));
    after(() => rmSync(join(project.folder, 'node_modules/typebox'), { recursive: true }));

    it('types what messages carry by their schemas, and what is emitted by what the application says', () => {
      project.write('messages.mts', MESSAGES);
      compile(['messages.mts'], MODULES.nodenext);
    });
  });

  describe('beside @types/node', () => {
    before(() => project.link('@types/node'));
    after(() => rmSync(join(project.folder, 'node_modules/@types'), { recursive: true }));

    it("has types that are right, with node's Buffer: bundler", () => {
      project.write('application.mts', APPLICATION);
      project.write('with-node.mts', WITH_NODE);
      compile(['application.mts', 'with-node.mts'], { ...MODULES.bundler, types: ['node'] });
    });

    it('is used rightly by every sample in the documents: nodenext', () => {
      project.write('application.mts', APPLICATION);
      project.write('with-node.mts', WITH_NODE);
      project.link('jose');
      project.link('hono');
      project.link('typebox');
      const samples = samplesIn('ts', 'js');
      assert.ok(samples.length >= 15);
      const files = samples.map((sample) => {
        const { document, line, language } = sample;
        const file = `samples/${document.replaceAll('/', '-')}-${line}.m${language}`;
        project.write(file, moduleOf(sample));
        return file;
      });
      project.write('samples/given.d.ts', GIVEN);
      project.write('samples/package.json', '{"type":"module"}');
      project.write('samples/events/index.mts', APPLICATION);
      project.write('samples/events/index.d.ts', "export { default } from './index.mjs';");
      compile(['application.mts', 'with-node.mts', 'samples/given.d.ts', ...files], {
        ...MODULES.nodenext,
        types: ['node'],
        allowJs: true,
      });
    });
  });

  it('names the driver of a database that is not installed, and the command that installs it', () => {
    project.write(
      'database.mjs',
      `import { database } from 'gatewayworker/database';
      const mysql = database({ url: 'mysql://ann:t0psecret@127.0.0.1:1/x' });
      await mysql.query('SELECT 1').catch(({ code, message }) => console.log(code, message));
      try { mysql.kysely(); } catch ({ code, message }) { console.log(code, message); }
      const sqlite = database({ url: 'sqlite::memory:' });
      await sqlite.single('SELECT 1').then(
        (one) => console.log('node has', one),
        ({ code, message }) => console.log(code, message),
      );`,
    );
    const [mysql, kysely, sqlite] = project.run(process.execPath, ['database.mjs']).split('\n');
    assert.equal(
      mysql,
      'GW_DATABASE A mysql:// database needs the package mysql2, which is not installed: run npm install mysql2@3',
    );
    assert.equal(
      kysely,
      'GW_DATABASE db.kysely() needs the package kysely, which is not installed: run npm install kysely@0.28',
    );
    assert.match(
      sqlite,
      /^node has 1$|better-sqlite3, which is not installed: run npm install better-sqlite3@12$/,
    );
  });

  it('names the client of NATS that is not installed, for a node that has a backbone', () => {
    const config = {
      gateway: { listen: [{ url: 'ws://127.0.0.1:0' }], lanPort: 0 },
      worker: false,
      register: { listen: '127.0.0.1:0' },
      cluster: { backbone: { servers: ['nats://127.0.0.1:1'], name: 'eu-1' } },
      admin: false,
    };
    project.write('backbone.json', JSON.stringify(config));
    const command = join(project.folder, 'node_modules/.bin/gatewayworker');
    const { status, stderr } = project.try(command, ['start', '-c', 'backbone.json']);
    assert.equal(status, 1);
    assert.equal(
      stderr,
      'gatewayworker: cluster.backbone needs the package @nats-io/transport-node, which is not installed: run npm install @nats-io/transport-node@3\n',
    );
  });

  it('has a command that checks what a start would run, and its types', () => {
    const command = join(project.folder, 'node_modules/.bin/gatewayworker');
    project.write(
      'events/index.ts',
      'export function onMessage(client: { send(text: string): void }) { client.send(7); }',
    );
    rmSync(join(project.folder, 'tsconfig.json'), { force: true });
    const unchecked = project.run(command, ['check']);
    assert.match(
      unchecked,
      /^configuration {2}the defaults\nevents .*events compiles\ntypes .*no TypeScript here/,
    );

    project.link('typescript');
    assert.match(project.run(command, ['check']), /types .*no tsconfig\.json in/);
    project.write('tsconfig.json', JSON.stringify({ compilerOptions: { ...STRICT, ...MODULES.nodenext } }));
    const wrong = project.try(command, ['check']);
    assert.equal(wrong.status, 1);
    assert.match(wrong.stdout, /events\/index\.ts.*TS2345/);
    assert.match(
      wrong.stderr,
      /^gatewayworker: TypeScript \S+ found errors with .*tsconfig\.json: see above\.\n$/,
    );

    // the README's application, with its tsconfig.json
    project.write('tsconfig.json', readme('json', 'compilerOptions'));
    project.write('events/index.ts', readme('ts', 'defineEvents'));
    project.link('@types/node');
    rmSync(join(project.folder, 'samples'), { recursive: true, force: true });
    for (const file of ['application.mts', 'with-node.mts'])
      rmSync(join(project.folder, file), { force: true });
    assert.match(project.run(command, ['check']), /types .*no errors \(TypeScript .*tsconfig\.json\)/);

    project.write('events/index.ts', 'export function onMessage(');
    const broken = project.try(command, ['check']);
    assert.equal(broken.status, 1);
    assert.match(broken.stderr, /does not compile:\n[^]*events\/index\.ts:1:/);
    project.write('gatewayworker.config.json', '{ "worker": { "cuont": 1 } }');
    assert.equal(project.try(command, ['check']).status, 2);
  });
});
