import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../../base/errors.js';
import { ControlClient, HungUpError } from '../control/control-client.js';
import { livingProcess } from './pid-file.js';
import type { NodeFiles } from './node-files.js';
import { isAlive, isGone, type ProcessRecord } from './process-record.js';

/** Milliseconds that the processes may take to end once the node has stopped, and once they are killed. */
const END_TIME = 10_000;
const KILL_TIME = 5000;
const POLL_TIME = 25;

/** A node that runs, as another process sees it. */
export class RunningNode {
  /** Who answers: the node, or its supervisor while there is no node. */
  readonly record: ProcessRecord;
  /** For a node in the background. */
  readonly supervisor: ProcessRecord | undefined;

  private constructor(answering: ProcessRecord, supervisor: ProcessRecord | undefined) {
    this.record = answering;
    this.supervisor = supervisor;
  }

  static async find(files: NodeFiles): Promise<RunningNode | undefined> {
    const node = await livingProcess(files.pidFile);
    const supervisor = await livingProcess(files.supervisorPidFile);
    const answering = node ?? supervisor;
    return answering && new RunningNode(answering, supervisor);
  }

  get pid(): number {
    return this.record.pid;
  }

  /** @throws GW_CONTROL when its control socket is gone */
  async connect(): Promise<ControlClient> {
    const { pid, socket } = this.record;
    try {
      return await ControlClient.connect(socket);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const remedy =
        code === 'EACCES' ? 'Run this as the user that started it' : 'Stop it, and start it again';
      throw new GatewayError(
        'GW_CONTROL',
        `The node runs with pid ${pid}, but its control socket ${socket} cannot be reached (${code ?? message}). ${remedy}.`,
        { cause: error },
      );
    }
  }

  /** One conversation on the control socket. */
  async converse<T>(conversation: (node: ControlClient) => Promise<T>): Promise<T> {
    const client = await this.connect();
    try {
      return await conversation(client);
    } finally {
      client.close();
    }
  }

  /**
   * Stops it and its supervisor; resolves when the processes of both are gone.
   *
   * @throws GatewayError when it does not stop, or does not end
   */
  async stop(graceful: boolean): Promise<void> {
    let reachable: ControlClient | undefined;
    try {
      reachable = await this.connect();
    } catch (error) {
      const { code } = Object((error as GatewayError).cause) as NodeJS.ErrnoException;
      if (code === 'EACCES') throw error;
      // its socket was deleted, or it has just ended
      if (await isAlive(this.record)) terminate(this.pid);
    }
    try {
      await reachable?.ask({ command: 'stop', graceful });
    } catch (error) {
      // it died instead, or was ended by another: its supervisor is told, too
      if (!(error instanceof HungUpError)) throw error;
      if (this.supervisor) terminate(this.supervisor.pid);
    } finally {
      reachable?.close();
    }
    await this.#end();
  }

  /** The node has done all that it had to do: what does not end by itself is ended. */
  async #end(): Promise<void> {
    let left = await this.#wait(END_TIME);
    for (const { pid } of left) terminate(pid, 'SIGKILL');
    if (left.length > 0) left = await this.#wait(KILL_TIME);
    if (left.length === 0) return;
    throw new GatewayError(
      'GW_CONTROL',
      `The node has stopped, but its process ${left[0].pid} has not ended, not even by SIGKILL: the system holds it, or it is another user's.`,
    );
  }

  /** @returns the processes that have not ended within so many milliseconds */
  async #wait(milliseconds: number): Promise<readonly ProcessRecord[]> {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const left: ProcessRecord[] = [];
      for (const record of [this.record, this.supervisor]) {
        if (record && !(await isGone(record))) left.push(record);
      }
      if (left.length === 0 || performance.now() > deadline) return left;
      await delay(POLL_TIME);
    }
  }
}

function terminate(pid: number, signal: NodeJS.Signals = 'SIGTERM'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended meanwhile
  }
}

export function notRunning({ pidFile }: NodeFiles): GatewayError {
  return new GatewayError(
    'GW_CONTROL',
    `No node runs here: no living process holds ${pidFile}. Start one with gatewayworker start, or name the configuration of one that runs with -c FILE.`,
  );
}
