import { Command, Flag } from '../wire/command.js';
import { decodeFrame, emptyFrame, encodeFrame } from '../wire/frame.js';
import { serialize } from '../wire/php-serialize.js';
import { phpKey } from '../wire/php-value.js';

/** The query about one uid or group that stands for the one about many, at gateways before 3.1 that know only the one. */
const SINGLE: Readonly<Partial<Record<number, number>>> = {
  [Command.BATCH_GET_CLIENT_ID_BY_UID]: Command.GET_CLIENT_ID_BY_UID,
  [Command.BATCH_GET_CLIENT_COUNT_BY_GROUP]: Command.GET_CLIENT_COUNT_BY_GROUP,
};

/** Whether not every PHP gateway answers this command. */
export function isLate(command: number): boolean {
  return SINGLE[command] !== undefined;
}

/** A query about several names, asked name by name: the answers make the one that it would have had. */
export class SplitQuery {
  readonly requestId: number;
  /** The command that asks about one name. */
  readonly command: number;
  readonly #names: readonly string[];
  readonly #values: Buffer[] = [];

  /** @param bytes the query as a frame: its ext_data is a JSON list of names */
  constructor(requestId: number, command: number, bytes: Buffer) {
    this.requestId = requestId;
    this.command = SINGLE[command] as number;
    this.#names = [...new Set(JSON.parse(decodeFrame(bytes).extText()) as string[])];
  }

  /** The queries, as frames. */
  get parts(): Buffer[] {
    const { command } = this;
    return this.#names.map((ext) => encodeFrame({ ...emptyFrame(), command, flags: Flag.PLAIN_BODY, ext }));
  }

  /** The next part's answer, in their order. @returns the whole answer, when that was the last */
  answered(value: Buffer): Buffer | undefined {
    this.#values.push(Buffer.from(value));
    return this.#values.length < this.#names.length ? undefined : this.answer;
  }

  /** A PHP array: the names as PHP's keys. */
  get answer(): Buffer {
    const entries = this.#values.flatMap((value, index) => [serialize(phpKey(this.#names[index])), value]);
    return Buffer.concat([Buffer.from(`a:${this.#values.length}:{`), ...entries, Buffer.from('}')]);
  }
}
