import type { Asker } from '#src/gateway/asker.js';
import assert from 'node:assert/strict';
import type { CommandTarget } from '#src/gateway/commands/command-handler.js';
import { commands } from '#src/gateway/commands/commands.js';
import type { Directory } from '#src/gateway/directory.js';
import { Outbox } from '#src/gateway/outbox.js';
import { Command, Flag } from '#src/wire/command.js';
import { decodeFrame, emptyFrame, encodeFrame } from '#src/wire/frame.js';
import { CLIENTS_PER_GROUP, filledDirectory, namesAllOver } from './filled-directory.js';
import type { Suite, Task } from './suite.js';

const COUNT = 1000;

/**
 * What a gateway does with a worker's command, from its bytes to the bytes of each client's write. The cost has to grow
 * with those who get the message, not with all that are there.
 */
export const sendCommands: Suite = {
  name: 'send-commands',
  title: 'carry out a command to send 64 bytes, per command',
  prepare() {
    const large = filledDirectory(1_000_000);
    const small = filledDirectory(1000);
    return [
      toUids('sendToUid, among 1,000,000', large),
      toUids('sendToUid, among 1,000', small),
      toGroups('sendToGroup of 10, among 100,000 groups', large),
      toGroups('sendToGroup of 10, among 100 groups', small),
    ];
  },
};

function toUids(name: string, directory: Directory): Task {
  const frames = namesAllOver('user', directory.size, COUNT).map((uid) =>
    commandBytes(Command.SEND_TO_UID, JSON.stringify([uid])),
  );
  return commandTask(name, directory, frames, COUNT);
}

function toGroups(name: string, directory: Directory): Task {
  const frames = namesAllOver('room', directory.size / CLIENTS_PER_GROUP, COUNT).map((group) =>
    commandBytes(Command.SEND_TO_GROUP, JSON.stringify({ group: [group], exclude: null })),
  );
  return commandTask(name, directory, frames, COUNT * CLIENTS_PER_GROUP);
}

function commandBytes(command: number, ext: string): Buffer {
  const body = Buffer.alloc(64, 'x');
  return encodeFrame({ ...emptyFrame(), command, flags: Flag.PLAIN_BODY, ext: Buffer.from(ext), body });
}

/** @param receivers of all frames together */
function commandTask(name: string, directory: Directory, frames: readonly Buffer[], receivers: number): Task {
  let sent = 0;
  const outbox = new Outbox((_, __, messages) => (sent += messages));
  // the rest of a gateway is not asked for, nor who it is that sends
  const nobody = {} as Asker;
  const target = {
    directory,
    delivery: { deliver: (client, message) => outbox.push(client, message.encodedFor(client)) },
  } as CommandTarget;
  return {
    name,
    operations: frames.length,
    run() {
      sent = 0;
      for (const bytes of frames) {
        const frame = decodeFrame(bytes);
        commands[frame.command]?.(target, frame, nobody);
      }
      outbox.flush();
      assert.equal(sent, receivers);
    },
  };
}
