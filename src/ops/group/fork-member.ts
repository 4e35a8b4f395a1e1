import cluster from 'node:cluster';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RELAY_FOLDER } from '../../base/relay-folder.js';
import type { MemberProcess } from './member-conversation.js';

/**
 * How to fork processes that share this one's ports: each port that several of them open is opened once, here, and its
 * connections are handed to them in turn. Were they all to accept from one socket, the one that happens to be awake
 * would take most: of 600 clients that came one after another three processes got 200 each in turn, and 40, 275 and
 * 285 the other way, which was no faster. Clients stay where they are for hours.
 *
 * @param program what they run, with these arguments
 */
export function memberForks(program: string, words: readonly string[]): () => MemberProcess {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ exec: program, args: [...words], windowsHide: true });
  // for themselves alone, and with a name that nobody can have taken before
  const folder = mkdtempSync(join(tmpdir(), 'gatewayworker-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return () => {
    const member = cluster.fork({ [RELAY_FOLDER]: folder });
    // it repeats its process's own, which is listened to: one that cannot be started must not end this one
    member.on('error', () => {});
    return member.process;
  };
}
