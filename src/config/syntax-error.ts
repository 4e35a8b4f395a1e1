import { dirname, extname, resolve } from 'node:path';
import { type Message, transform, type TransformFailure } from 'esbuild';
import { compiling } from '../bundle/compiler.js';
import { GatewayError } from '../base/errors.js';
import { mayBeSecret } from './problem.js';

/** Where a parser gave up. Line and column count from 1; both are missing when the parser does not say. */
interface SyntaxFault {
  readonly reason: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * The error for a configuration file that does not parse: `file:line:column`, the reason, the line itself.
 * A line that may be a secret is not shown, nor is what its parser quotes from it.
 */
export async function syntaxError(path: string, text: string, error: unknown): Promise<GatewayError> {
  const place = (await jsonPlace(path, text)) ?? parserPlace(error);
  const lines = text.split(/\r?\n/);
  const at = (place.line ?? 0) - 1;
  // The line before counts too: the value of a key may stand on a line of its own.
  const hidden = mayBeSecret(`${lines[at - 1] ?? ''}\n${lines[at] ?? ''}`);
  return new GatewayError('GW_CONFIG', report(path, place, lines[at] ?? '', hidden));
}

/** The same for the messages of esbuild, about a configuration in TypeScript or JavaScript. */
export function moduleSyntaxError(path: string, messages: readonly Message[]): GatewayError {
  const reports = messages.map((message) => {
    const file = resolve(dirname(path), message.location?.file ?? path);
    const lineText = message.location?.lineText ?? '';
    return report(file, esbuildPlace(message), lineText, mayBeSecret(lineText));
  });
  return new GatewayError('GW_CONFIG', reports.join('\n'));
}

function report(
  file: string,
  { reason, line, column }: SyntaxFault,
  lineText: string,
  hidden: boolean,
): string {
  if (line === undefined || column === undefined) return `${file}: ${reason}`;
  const place = `${file}:${line}:${column}`;
  if (hidden) return `${place}: syntax error (the line is hidden, since it may hold a secret)`;
  const margin = `  ${line} | `;
  // Tabs are kept in the padding, so that the caret stands below its character.
  const padding = margin.replaceAll(/./g, ' ') + lineText.slice(0, column - 1).replaceAll(/[^\t]/g, ' ');
  return `${place}: ${reason}\n${margin}${lineText}\n${padding}^`;
}

/** What the parsers of YAML (`mark`, from 0) and TOML (`line`, `column`, from 1) add to their errors. */
interface ParserError {
  readonly message: string;
  readonly reason?: string;
  readonly mark?: { readonly line: number; readonly column: number };
  readonly line?: number;
  readonly column?: number;
}

function parserPlace(error: unknown): SyntaxFault {
  const details: ParserError = error instanceof Error ? error : { message: String(error) };
  const { message, reason, mark, line, column } = details;
  if (mark) return { reason: reason ?? message, line: mark.line + 1, column: mark.column + 1 };
  // The first line of the message: what follows is the parser's own excerpt of the file.
  return { reason: reason ?? message.split('\n')[0], line, column };
}

/**
 * JSON.parse gives a position in some of its messages only, and quotes the file in the others; esbuild's JSON
 * parser always knows the line. Comments are blanked out character by character, which keeps the positions.
 */
async function jsonPlace(path: string, text: string): Promise<SyntaxFault | undefined> {
  const extension = extname(path);
  if (extension !== '.json' && extension !== '.jsonc') return undefined;
  const source =
    extension === '.json'
      ? text
      : text.replaceAll(/"(?:\\.|[^"\\\n])*"|\/\/.*|\/\*[^]*?\*\//g, (token) =>
          token.startsWith('/') ? token.replaceAll(/[^\n]/g, ' ') : token,
        );
  const messages = await compiling(
    async () => await transform(source, { loader: 'json', logLevel: 'silent' }),
  ).then(
    () => [],
    (failure: TransformFailure | GatewayError) => ('errors' in failure ? failure.errors : undefined),
  );
  // without the compiler, what the parser says has to do
  if (messages === undefined) return undefined;
  // esbuild lets pass a few things that JSON.parse does not.
  return messages.length === 0 ? { reason: 'not valid JSON' } : esbuildPlace(messages[0]);
}

/** esbuild counts columns from 0, and in UTF-8 bytes. */
function esbuildPlace({ text, location }: Message): SyntaxFault {
  if (!location) return { reason: text };
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString();
  return { reason: text, line: location.line, column: before.length + 1 };
}
