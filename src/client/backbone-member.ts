import { hostname } from 'node:os';
import type { Backbone, BackboneConfig } from '../backbone/backbone.js';
import { INNER_BUFFER_SIZE } from '../base/buffer-size.js';
import type { Clock } from '../base/clock.js';
import { GatewayError } from '../base/errors.js';
import { createLogger } from '../base/log.js';
import type { CellWay, CellWayOwner, OtherCells } from '../cluster/other-cells.js';
import type { GatewayState } from '../link/gateway-state.js';
import { type GatewayAddress, formatAddress } from '../wire/client-id.js';
import type { ReceivedFrame } from '../wire/frame.js';
import type { GatewayClientBackbone } from './backbone-options.js';

/** The cell of those that belong to none: no configuration can name one so. */
const NO_CELL = '(outside)';
const PING_INTERVAL = 25_000;

export interface BackboneMemberOptions {
  readonly backbone: GatewayClientBackbone;
  /** Whether there are Registers as well, by which the gateways of the own cell are found. */
  readonly inMesh: boolean;
  /** Milliseconds for a server to answer, and for what was sent to go out in `close`. */
  readonly timeout: number;
  /** It keeps the process alive until it is closed, as a connection to a gateway does. */
  readonly clock: Clock;
}

/** A process that is no node as one of the whole: it joins the backbone like a node that has no gateway. */
export class BackboneMember implements OtherCells, CellWay {
  readonly bufferSize = INNER_BUFFER_SIZE;
  readonly #options: BackboneMemberOptions;
  #owner!: CellWayOwner;
  #backbone: Backbone | undefined;
  #way: CellWay | undefined;
  /** Frames that were handed on. */
  #sent = 0;
  /** Those of which it has been said that they are lost. */
  #told = 0;

  constructor(options: BackboneMemberOptions) {
    this.#options = options;
  }

  open(owner: CellWayOwner): CellWay {
    this.#owner = owner;
    return this;
  }

  get gateways(): readonly GatewayState[] {
    return this.#way?.gateways ?? [];
  }

  sendToAll(frame: ReceivedFrame): void {
    this.#sent++;
    this.#way?.sendToAll(frame);
  }

  send(frame: ReceivedFrame): void {
    this.#sent++;
    this.#way?.send(frame);
  }

  /**
   * Resolves when the gateways of all cells are known; at once when they are.
   *
   * @throws GW_BACKBONE when no server lets this process in, GW_CONFIG for options that cannot be used
   */
  async join(): Promise<void> {
    if (this.#backbone !== undefined) return;
    const { timeout, clock } = this.#options;
    const config = await this.#config();
    const { Backbone } = await import('../backbone/backbone.js');
    const backbone = await Backbone.load({
      config,
      node: `${hostname()}:${process.pid}`,
      gateway: undefined,
      // which cell the mesh is, it looks by itself
      isInMesh: () => true,
      bufferSize: INNER_BUFFER_SIZE,
      pingInterval: PING_INTERVAL,
      clock,
      // what goes wrong is thrown by the calls
      log: createLogger({ level: 'silent', destination: { write() {} } }),
    });
    try {
      await backbone.join(timeout);
      throwRefusal(backbone);
      const { state, lastError } = backbone.status;
      if (state === 'down') {
        const reason = lastError ?? `no server let this process in within ${timeout} ms`;
        throw new GatewayError(
          'GW_BACKBONE',
          `The backbone cannot be reached, by which other cells are: ${reason}.`,
        );
      }
    } catch (error) {
      await backbone.close(0);
      throw error;
    }
    this.#backbone = backbone;
    this.#way = backbone.open(this.#owner);
  }

  /**
   * What goes to the own mesh would go there a second time by the backbone, if it were of another cell.
   *
   * @param own gateways that the Registers name
   * @throws GW_BACKBONE
   */
  checkCell(own: readonly GatewayAddress[]): void {
    const addresses = new Set(own.map(formatAddress));
    const found = this.gateways.find((gateway) => addresses.has(formatAddress(gateway)));
    if (found === undefined) return;
    const { name } = this.#options.backbone;
    throw new GatewayError(
      'GW_BACKBONE',
      `The gateway ${formatAddress(found)}, which the Register names, is of the cell ${found.cell}, and backbone.name is ${JSON.stringify(name)}; expected ${JSON.stringify(found.cell)}.`,
    );
  }

  /** @throws what was lost since this was last asked */
  throwLost(): void {
    if (this.#backbone !== undefined) this.#throwLost(this.#backbone, this.#backbone.status.unsent);
  }

  /** Lets out what was sent, and ends. @throws what was lost */
  async close(): Promise<void> {
    const backbone = this.#backbone;
    if (backbone === undefined) return;
    await backbone.close(this.#options.timeout);
    this.#throwLost(backbone, this.#sent - backbone.status.published);
  }

  /** @param unsent of all frames ever, how many did not go out */
  #throwLost(backbone: Backbone, unsent: number): void {
    throwRefusal(backbone);
    const lost = unsent - this.#told;
    if (lost <= 0) return;
    this.#told = unsent;
    const { lastError } = backbone.status;
    throw new GatewayError(
      'GW_LINK_CLOSED',
      `${lost} ${lost === 1 ? 'message' : 'messages'} to other cells did not reach the backbone, and are lost: ${lastError ?? 'its server did not confirm them in time'}.`,
    );
  }

  /** Checked as a node's. @throws GW_CONFIG */
  async #config(): Promise<BackboneConfig> {
    const { backbone, inMesh } = this.#options;
    const { validateConfig } = await import('../config/validate.js');
    // what is checked is filled in, and frozen
    const own = structuredClone(backbone);
    const { cluster } = validateConfig(
      {
        gateway: false,
        worker: false,
        admin: false,
        cluster: { backbone: inMesh ? own : { ...own, name: 'none' } },
      },
      {
        source: 'What GatewayClient was given as its backbone',
        directory: process.cwd(),
        overrides: { origins: new Map(), problems: [], warnings: [] },
      },
    );
    return { ...(cluster.backbone as BackboneConfig), ...(!inMesh && { name: NO_CELL }) };
  }
}

/** The server keeps the connection, and drops what it does not allow. */
function throwRefusal(backbone: Backbone): void {
  const refusal = backbone.takeRefusal();
  if (refusal !== undefined) throw new GatewayError('GW_BACKBONE', `${refusal}.`);
}
