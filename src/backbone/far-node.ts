import type { Asker } from '../gateway/asker.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { Assembly } from './assembly.js';
import { ReceivedNumbers } from './received-numbers.js';
import type { Stream } from './stream.js';

/** Another node, of this cell or of another one, in one run of it. */
export class FarNode {
  readonly instance: number;
  readonly cell: string;
  /** What this node publishes for it alone. */
  readonly stream: Stream;
  /** Who gets the answers to what it asks; undefined when there is no gateway here. */
  readonly asker: Asker | undefined;
  readonly numbers = new ReceivedNumbers();
  readonly assembly = new Assembly();
  /** As it has said; '' before its first hello. */
  name = '';
  gateway: GatewayAddress | undefined;
  /** Milliseconds on the clock. */
  heardAt: number;
  up = false;
  /** How many of its frames were lost when the log last said so. */
  lostTold = 0;
  /** Hellos in a row in which it said that it is of this cell, and was not in its mesh. */
  strangeHellos = 0;
  /** Frames that have come of it. */
  received = 0;

  constructor(
    instance: number,
    cell: string,
    options: { readonly stream: Stream; readonly asker: Asker | undefined; readonly heardAt: number },
  ) {
    this.instance = instance;
    this.cell = cell;
    this.stream = options.stream;
    this.asker = options.asker;
    this.heardAt = options.heardAt;
  }
}
