import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../errors.js';
import { ControlClient } from './control-client.js';
import { livingProcess } from './pid-file.js';
import type { NodePlace } from './place.js';
import { isAlive, type ProcessRecord } from './process-record.js';

/** Milliseconds that the processes may take to end once the node has stopped. */
const END_TIME = 10_000;
const POLL_TIME = 25;

/** A node that runs, as another process sees it. */
export class RunningNode {
  readonly #place: NodePlace;
  /** Who answers: the node, or its supervisor while there is no node. */
  readonly record: ProcessRecord;
  /** For a node in the background. */
  readonly supervisor: ProcessRecord | undefined;

  private constructor(place: NodePlace, answering: ProcessRecord, supervisor: ProcessRecord | undefined) {
    this.#place = place;
    this.record = answering;
    this.supervisor = supervisor;
  }

  static async find(place: NodePlace): Promise<RunningNode | undefined> {
    const node = await livingProcess(place.pidFile);
    const supervisor = await livingProcess(place.supervisorPidFile);
    const answering = node ?? supervisor;
    return answering && new RunningNode(place, answering, supervisor);
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
  async ask<T>(conversation: (node: ControlClient) => Promise<T>): Promise<T> {
    const client = await this.connect();
    try {
      return await conversation(client);
    } finally {
      client.close();
    }
  }

  /**
   * Stops it and its supervisor; resolves when both have given up their places.
   *
   * @throws GatewayError when it does not stop
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
      await reachable?.stop(graceful);
    } finally {
      reachable?.close();
    }
    await this.#end();
  }

  async #end(): Promise<void> {
    // and not their pids, which others may have by now
    const sockets = new Set([this.record.socket, this.supervisor?.socket]);
    const deadline = performance.now() + END_TIME;
    for (;;) {
      const left = await Promise.all([
        livingProcess(this.#place.pidFile),
        livingProcess(this.#place.supervisorPidFile),
      ]);
      const pid = left.find((record) => record && sockets.has(record.socket))?.pid;
      if (pid === undefined) return;
      if (performance.now() > deadline) {
        throw new GatewayError(
          'GW_CONTROL',
          `The node has stopped, but its process ${pid} has not ended within ${END_TIME / 1000} seconds. End it with kill -9.`,
        );
      }
      await delay(POLL_TIME);
    }
  }
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // it has ended meanwhile
  }
}

export function notRunning({ pidFile }: NodePlace): GatewayError {
  return new GatewayError(
    'GW_CONTROL',
    `No node runs here: no living process holds ${pidFile}. Start one with gatewayworker start, or name the configuration of one that runs with -c FILE.`,
  );
}
