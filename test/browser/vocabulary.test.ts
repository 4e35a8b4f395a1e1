import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PackageProject, ROOT } from '../support/package-project.js';

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** Each line is right, or said to be wrong. */
const PAGE = `
import { Bytes, Refused, type StandardSchema, defineEvents, message } from 'gatewayworker';
import { type GatewayConnection, connect } from 'gatewayworker/browser';
import { Type } from 'typebox';

declare module 'gatewayworker' {
  interface Emits {
    said: { from: string; text: string; at: Date; picture?: Uint8Array };
    bye: undefined;
  }
}

// as a validator has it whose schemas change what they are given
declare const appointment: StandardSchema<{ when: string; room?: string }, { when: Date; room: string }>;
declare const anyNumber: StandardSchema<{ by: unknown }, { by: number }>;

const events = defineEvents<{ name: string }>()({
  messages: {
    say: message({ text: Type.String(), picture: Type.Optional(Bytes) }, (client, { text }) => {
      client.emit('said', { from: client.session.name, text, at: new Date() });
    }),
    join: message({ room: Type.String() }, async (client, { room }) => {
      await Promise.resolve();
      if (room === '') throw new Refused('none', 'There is none.');
      return { people: [client.session.name], since: new Date(), logo: Buffer.from(room) };
    }),
    look: message({ from: Type.Optional(Type.String()) }, () => 7),
    word: message(Type.String(), (_, word) => word),
    leave: message(() => {}),
    any: message(Type.Unknown(), () => {}),
    meet: message(appointment, (_, { when, room }) => [when.getTime(), room.length]),
    turn: message(anyNumber, (_, { by }) => by + 1),
  },
});

async function typed(chat: GatewayConnection<typeof events>, untyped: GatewayConnection): Promise<void> {
  chat.emit('say', { text: 'hi' });
  chat.emit('say', { text: 'hi', picture: new ArrayBuffer(1) });
  chat.emit('leave');
  chat.emit('look');
  chat.emit('look', { from: 'a' });
  chat.emit('word', 'a');
  chat.emit('any', [1]);
  // of a Standard Schema: what it takes, and not what it makes of that
  chat.emit('meet', { when: '2030-01-01' });
  chat.emit('turn', { by: '7' });
  const turned: number = await chat.request('turn', { by: 7 });
  // @ts-expect-error -- a Date is what the handler gets
  chat.emit('meet', { when: new Date() });
  // @ts-expect-error -- it is missing
  chat.emit('turn', {});
  // @ts-expect-error -- there is no such message
  chat.emit('sey', { text: 'hi' });
  // @ts-expect-error -- a text is missing
  chat.emit('say', {});
  // @ts-expect-error -- all of it is missing
  chat.emit('say');
  // @ts-expect-error -- a word is missing
  chat.emit('word');
  // @ts-expect-error -- of another type
  chat.emit('say', { text: 7 });
  // @ts-expect-error -- it takes none
  chat.emit('leave', 7);

  const { people, since, logo } = await chat.request('join', { room: 'tea' }, { timeout: 1000 });
  const found: [string[], string, Uint8Array] = [people, since, logo];
  const seven: number = await chat.request('look');
  const word: string = await chat.request('word', 'a');
  const nothing: void = await chat.request('leave', undefined, { timeout: 5 });
  // @ts-expect-error -- it is a number
  const text: string = await chat.request('look', { from: 'a' });

  chat.on('said', ({ from, text: said, at, picture }) => {
    const all: [string, string, string, Uint8Array | undefined] = [from, said, at, picture];
    return all;
  });
  chat.on('bye', (data: undefined) => data);
  // @ts-expect-error -- the server does not say so
  chat.on('sayd', () => {});
  // @ts-expect-error -- there is no such field
  chat.on('said', ({ to }) => to);

  untyped.emit('whatever', { a: 1 });
  const answer: { x: number } = await untyped.request('whatever');
  void [found, turned, seven, word, nothing, text, answer];
}

void typed(connect<typeof events>('/'), connect('/'));
`;

describe('the types of a page', () => {
  it('are those of the events of its server: what it may say, is answered, and is told', (t) => {
    const project = new PackageProject();
    t.after(() => project.remove());
    project.linkPackage();
    for (const name of ['@types/node', 'typebox']) project.link(name);
    project.write('page.mts', PAGE);
    const compilerOptions = {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      noEmit: true,
      types: ['node'],
    };
    project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['page.mts'] }));
    project.run(process.execPath, [TSC, '-p', '.']);
  });
});
