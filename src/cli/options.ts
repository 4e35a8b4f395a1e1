import { type Command, InvalidArgumentError, Option } from 'commander';
import { suggestion } from '../config/suggestion.js';
import { TEMPLATE_NAMES, type TemplateName } from '../project/templates.js';

/** More than any machine has use for, and few enough that each may speak with each. */
const MAX_NODES = 64;

export interface ConfigOption {
  /** A configuration file, as given with -c. */
  readonly config?: string;
}

export interface StartOptions extends ConfigOption {
  readonly detach?: boolean;
  readonly log?: string;
  readonly watch?: boolean;
  /** Processes that share the ports. */
  readonly nodes?: number;
  /** Started by a supervisor. */
  readonly supervised?: boolean;
}

export interface GracefulOption extends ConfigOption {
  readonly graceful?: boolean;
}

export interface TraceOptions extends ConfigOption {
  readonly uid?: string;
  readonly group?: string;
  readonly payload?: boolean;
  readonly json?: boolean;
  /** Seconds. */
  readonly for?: number;
  /** Entries. */
  readonly count?: number;
}

export interface MigrateOptions {
  readonly url?: string;
  /** Takes back the last one. */
  readonly down?: boolean;
  readonly list?: boolean;
}

export interface NewOptions {
  readonly template?: TemplateName;
  readonly ts?: boolean;
  readonly js?: boolean;
}

export function addStartOptions(command: Command): Command {
  return command
    .addOption(nodesOption())
    .option('-d, --detach', 'run in the background, under a supervisor that starts it again when it dies')
    .option('--log <file>', 'log to a file (default with -d: gatewayworker.log beside the configuration)')
    .option('--watch', 'for development: reload when a file in the events folder changes');
}

export function nodesOption(): Option {
  return new Option(
    '--nodes <n>',
    'run n nodes that share the ports and serve as one, each with its own workers',
  ).argParser(integer(1, MAX_NODES));
}

export function addReportOptions(command: Command): Command {
  return command
    .option('--json', 'as JSON; with --watch one line each second')
    .option('--watch', 'show it anew each second, until q or Ctrl-C');
}

export function addTraceOptions(command: Command): Command {
  return command
    .argument('[client-id]', 'a client: the first column of gatewayworker connections')
    .addOption(new Option('--uid <uid>', 'whoever has this uid').conflicts('group'))
    .option('--group <group>', 'whoever is in this group')
    .option('--payload', 'messages as a whole, and not only how they begin')
    .option('--json', 'each entry as a line of JSON')
    .option('--for <seconds>', 'end after so many seconds', integer(1))
    .option('--count <n>', 'end after so many entries', integer(1));
}

export function gracefulOption(): Option {
  return new Option(
    '-g, --graceful',
    'let the handlers that run now take as long as they need (5 minutes at most)',
  );
}

export function templateOption(): Option {
  return new Option(
    '--template <name>',
    `what it begins as: ${TEMPLATE_NAMES.join(', ')} (default: chat)`,
  ).argParser((text) => {
    const found = TEMPLATE_NAMES.find((name) => name === text);
    if (found !== undefined) return found;
    const meant = suggestion(text, TEMPLATE_NAMES);
    const remedy = meant === undefined ? '' : ` Did you mean ${meant}?`;
    throw new InvalidArgumentError(`Expected ${TEMPLATE_NAMES.join(', ')}.${remedy}`);
  });
}

/** For options whose value is a number. */
export function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    const most = maximum === Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum}`;
    throw new InvalidArgumentError(`Expected an integer from ${minimum}${most}.`);
  };
}
