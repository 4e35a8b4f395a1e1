import { type Command, CommanderError } from 'commander';
import { suggestion } from '../config/suggestion.js';

/**
 * Runs what the arguments say.
 *
 * @returns whether they could be understood; if not, or if they ask for help, all has been said
 */
export async function parse(program: Command, argv: readonly string[]): Promise<boolean> {
  try {
    refuseUnknown(program, argv);
    await program.parseAsync(argv, { from: 'user' });
    return true;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0;
  }
}

/** Commands that are not for people. */
const HIDDEN = ['supervise', 'member'];

/** The default command would take a misspelt command for an argument of its own. */
function refuseUnknown(program: Command, [word]: readonly string[]): void {
  if (word === undefined || word.startsWith('-')) return;
  const names = [...program.commands.map((known) => known.name()), 'help'];
  if (names.includes(word)) return;
  const visible = names.filter((name) => !HIDDEN.includes(name));
  const meant = suggestion(word, visible);
  const remedy = meant === undefined ? `expected ${visible.join(', ')}` : `did you mean ${meant}?`;
  program.error(`gatewayworker: there is no command '${word}': ${remedy}`);
}
