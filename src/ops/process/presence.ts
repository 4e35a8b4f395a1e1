import { GatewayError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { isUnwritable } from '../../base/state-folder.js';
import { ControlServer } from '../control/control-server.js';
import { PidFile } from './pid-file.js';
import { newInstance, socketOf } from './node-files.js';
import { ownRecord } from './process-record.js';
import type { Answerer } from '../requests/requests.js';

export interface PresenceOptions {
  readonly pidFile: string;
  /** The configuration file, or null. */
  readonly config: string | null;
  /** The file that this process logs to, or null. */
  readonly logFile: string | null;
  /** How many nodes this process leads or, as their supervisor, keeps running; undefined for one of its own. */
  readonly nodes: number | undefined;
  readonly log: Logger;
}

/** How the commands find this process: a control socket, and the pid file that names it. */
export class Presence {
  readonly #server: ControlServer;
  readonly #pidFile: PidFile;
  /** However the process ends, but for a kill -9. */
  readonly #atExit = (): void => {
    this.#pidFile.release();
    this.#server.unlink();
  };

  private constructor(server: ControlServer, pidFile: PidFile) {
    this.#server = server;
    this.#pidFile = pidFile;
    process.once('exit', this.#atExit);
  }

  /**
   * The socket listens before the pid file exists, so that who finds the file can tell at once that its process lives.
   *
   * @throws GW_CONTROL when the pid file is that of another process
   */
  static async open(
    answerer: Answerer,
    { pidFile, config, logFile, nodes, log }: PresenceOptions,
  ): Promise<Presence> {
    const server = await ControlServer.listen(socketOf(pidFile, newInstance()), answerer, log);
    try {
      const record = await ownRecord({ socket: server.path, config, log: logFile, nodes });
      return new Presence(server, await PidFile.claim(pidFile, record));
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** Answers what is still being asked, and takes both away. */
  async close(): Promise<void> {
    await this.#server.close();
    this.#pidFile.release();
    process.off('exit', this.#atExit);
  }
}

/** Whether a presence cannot be opened because the file system takes no files: a node can do without one. */
export function isReadOnly(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false;
  return isUnwritable(error.cause);
}
