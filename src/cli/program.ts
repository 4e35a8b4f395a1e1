import { Command, Option } from 'commander';
import {
  addReportOptions,
  addStartOptions,
  addTraceOptions,
  type ConfigOption,
  gracefulOption,
  type GracefulOption,
  integer,
  type MigrateOptions,
  type NewOptions,
  nodesOption,
  type StartOptions,
  templateOption,
  type TraceOptions,
} from './options.js';
import type { ReportOptions } from './report-command.js';
import type { RestartOptions } from './restart.js';

const DEFAULT_CONNECTIONS = 100;
/** What the commands do. */
export interface Actions {
  readonly new: (folder: string, options: NewOptions) => Promise<void>;
  readonly start: Action<StartOptions>;
  readonly stop: Action<GracefulOption>;
  readonly restart: Action<RestartOptions>;
  readonly reload: Action<GracefulOption>;
  readonly check: Action<ConfigOption>;
  readonly status: Action<ConfigOption & ReportOptions>;
  readonly connections: Action<
    ConfigOption & ReportOptions & { readonly offset: number; readonly limit: number }
  >;
  readonly trace: (clientId: string | undefined, options: TraceOptions) => Promise<void>;
  readonly admin: Action<ConfigOption & { readonly open?: boolean }>;
  readonly migrate: (folder: string, options: MigrateOptions) => Promise<void>;
  /** Not for people: the process that `start -d` leaves behind. */
  readonly supervise: Action<StartOptions & { readonly log: string }>;
  /** Not for people: one of the processes of `start --nodes`. */
  readonly member: Action<object>;
}

type Action<Options> = (options: Options) => Promise<void>;

const EXAMPLES = `
A command finds its node by the configuration: gatewayworker.config.* in this folder, or -c FILE.

Examples:
  gatewayworker new my-app         make a project: a chat, a game, devices, or a push service
  gatewayworker                    run here, until Ctrl-C
  gatewayworker start --watch      the same, and take over new code when events/ changes
  gatewayworker start --nodes 4    run four nodes that share the ports, for more cores
  gatewayworker start -d           run in the background, and start again after a crash
  gatewayworker check              check the configuration, the code and its types, and start nothing
  gatewayworker status             show how it is; status --watch goes on showing it
  gatewayworker admin --open       show it in a browser
  gatewayworker trace --uid ann    show what that client sends and is sent
  gatewayworker reload             take over new code; no client notices
  gatewayworker stop -g            stop when the handlers that run now are done

Exit status: 0 done, 1 failed, 2 misused.`;

const NEW_EXAMPLES = `
On a terminal it asks for what is not given.

Examples:
  gatewayworker new my-app
  gatewayworker new my-app --template push --js`;

const START_EXAMPLES = `
Signals: SIGTERM and Ctrl-C stop the node, and a second one ends it at once; SIGUSR2 reloads the code;
SIGHUP opens the log file anew.

Examples:
  gatewayworker start -c chat.yaml
  gatewayworker start -d --log /var/log/chat.log`;

const CONNECTIONS_EXAMPLES = `
Examples:
  gatewayworker connections --offset 100
  gatewayworker connections --limit 1000000 --json`;

const TRACE_EXAMPLES = `
Shows what the client sends and is sent, and what changes of it, as it happens, until Ctrl-C. Messages show what
is in them: passwords and tokens too, where clients send any.

Examples:
  gatewayworker trace 7f0000010b5400000001
  gatewayworker trace --uid ann --payload
  gatewayworker trace --group room-7 --for 60 --json > room-7.jsonl`;

/** The command line: what can be said, and what help says about it. */
export function createProgram(version: string, actions: Actions): Command {
  const program = new Command('gatewayworker')
    .description('A long-connection server: gateways hold the clients, business workers run your events/.')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureOutput({
      outputError: (message, write) => write(message.replace(/^error: /, 'gatewayworker: ')),
    })
    .exitOverride()
    .addHelpText('after', EXAMPLES);

  /** A command, with the option that all of them have. */
  const add = (name: string, description: string, options: { isDefault?: boolean } = {}): Command =>
    program
      .command(name, options)
      .description(description)
      .option('-c, --config <file>', 'configuration file (default: gatewayworker.config.* in this folder)');

  program
    .command('new')
    .description('make a project, with tests, a Dockerfile and a page')
    .argument('<folder>', 'where; its name becomes the name of the project')
    .addOption(templateOption())
    .addOption(new Option('--ts', 'in TypeScript (the default)').conflicts('js'))
    .addOption(new Option('--js', 'in JavaScript'))
    .addHelpText('after', NEW_EXAMPLES)
    .action(actions.new);

  addStartOptions(add('start', 'run a node (the default command)', { isDefault: true }))
    .addOption(new Option('--supervised').hideHelp())
    .addHelpText('after', START_EXAMPLES)
    .action(actions.start);

  add('stop', 'stop the node, and its supervisor').addOption(gracefulOption()).action(actions.stop);

  addStartOptions(add('restart', 'stop the node if it runs, and start it'))
    .addOption(gracefulOption())
    .option('--rolling', 'of a group (--nodes): one node after the other, so that the ports are never closed')
    .addHelpText(
      'after',
      '\nThe configuration is checked first. A node in the background is started there again.',
    )
    .action(actions.restart);

  add('reload', 'replace the code in events/ without a client noticing')
    .addOption(gracefulOption())
    .addHelpText(
      'after',
      '\nCode that does not compile or start is refused with the reason, and the old code goes on.',
    )
    .action(actions.reload);

  add('check', 'check the configuration, events/ and, with TypeScript, its types; start nothing')
    .addHelpText(
      'after',
      '\nA start compiles events/ without looking at its types. This runs the TypeScript of your project as well, if there is one.',
    )
    .action(actions.check);

  addReportOptions(add('status', 'show how the node is')).action(actions.status);

  addReportOptions(add('connections', "list the clients' connections"))
    .option('--offset <n>', 'pass over the first n', integer(0), 0)
    .option('--limit <n>', 'list no more than n', integer(1), DEFAULT_CONNECTIONS)
    .addHelpText('after', CONNECTIONS_EXAMPLES)
    .action(actions.connections);

  addTraceOptions(add('trace', 'show what happens to a client, as it happens'))
    .addHelpText('after', TRACE_EXAMPLES)
    .action(actions.trace);

  add('admin', 'print the link of the admin listener, with its token')
    .option('--open', 'open it in a browser as well')
    .action(actions.admin);

  program
    .command('migrate')
    .description("bring a database's tables up to date, with Kysely's migrations")
    .argument('[folder]', 'where the migrations are', 'migrations')
    .option('--url <url>', "the database's url; in DATABASE_URL nobody else on the machine sees its password")
    .option('--down', 'take back the migration that ran last')
    .option('--list', 'say which have run, and run none')
    .action(actions.migrate);

  program
    .command('supervise', { hidden: true })
    .option('-c, --config <file>')
    .option('--watch')
    .addOption(nodesOption())
    .requiredOption('--log <file>')
    .action(actions.supervise);
  program.command('member', { hidden: true }).action(actions.member);
  return program;
}
