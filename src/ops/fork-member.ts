import cluster from 'node:cluster';
import type { MemberProcess } from './group-member.js';

/**
 * How to fork processes that share this one's ports: each port that several of them open is opened once, here, and its
 * connections are handed to them in turn. The other way, in which they all accept from one socket, leaves most clients
 * with the process that happens to be awake, and clients that stay for hours stay there.
 *
 * @param program what they run, with these arguments
 */
export function memberForks(program: string, words: readonly string[]): () => MemberProcess {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ exec: program, args: [...words], windowsHide: true });
  return () => cluster.fork().process;
}
