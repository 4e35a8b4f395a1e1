import { GatewayError } from '../base/errors.js';
import { commandName } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import type { Asker } from './asker.js';
import type { CommandTarget } from './commands/command-handler.js';
import { clientCommands, commands } from './commands/commands.js';
import { queries } from './commands/query.js';

/** Where commands and queries come in, whoever sends them, and the queries' answers go out. */
export class CommandDesk {
  readonly #target: CommandTarget;

  constructor(target: CommandTarget) {
    this.#target = target;
  }

  /** Carries out a command or answers a query. @throws GatewayError when it cannot */
  carryOut(asker: Asker, frame: ReceivedFrame): void {
    const tellOne = clientCommands[frame.command];
    if (tellOne !== undefined) {
      const client = this.#target.directory.get(frame.connectionId);
      if (client !== undefined) tellOne(this.#target, client, frame);
      return;
    }
    const handle = commands[frame.command];
    if (handle === undefined) this.#answer(asker, frame);
    else handle(this.#target, frame, asker);
  }

  #answer(asker: Asker, frame: ReceivedFrame): void {
    const answer = queries[frame.command];
    if (answer === undefined) {
      throw new GatewayError(
        'GW_FRAME',
        `${asker.name} sent ${commandName(frame.command)}, which no gateway knows.`,
      );
    }
    try {
      const value = answer(this.#target, frame);
      // who is no worker is told nothing of versions
      if (asker.peer === undefined) this.#target.interest.flush();
      asker.answer(frame, value);
    } catch (error) {
      // whoever asked is not to wait for it, nor to take a later answer for this one
      asker.answerNothing(frame);
      throw error;
    }
  }
}
