import { basename } from 'node:path';
import type { BuildFailure } from 'esbuild';
import { bundle } from '../bundle/bundle.js';
import { type CompiledFile, writeCompiled } from '../bundle/compiled-folder.js';
import { defaultExport } from '../base/default-export.js';
import { messageOf } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';
import { moduleSyntaxError } from './syntax-error.js';

/**
 * Runs a configuration in TypeScript or JavaScript and returns its default export; of a function, the result.
 *
 * @param stateDir where it is compiled to, if not beside it
 * @throws GatewayError GW_CONFIG when it does not compile, throws, or exports no default
 */
export async function importConfig(path: string, stateDir: string): Promise<unknown> {
  const compiled = await compile(path, stateDir);
  try {
    return await evaluate(path, compiled.url);
  } finally {
    await compiled.remove();
  }
}

async function compile(path: string, stateDir: string): Promise<CompiledFile> {
  try {
    return await writeCompiled(path, stateDir, async (output) => await codeOf(path, output));
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError(
      'GW_CONFIG',
      `${basename(path)} is compiled into a folder that cannot be written: ${messageOf(cause)}. ` +
        'Make it writable, name another with GW_STATEDIR, or use a JSON, YAML or TOML configuration.',
      { cause },
    );
  }
}

async function codeOf(path: string, output: string): Promise<string> {
  try {
    const [code] = await bundle(path, output, { sourcemap: 'inline' });
    return code.text;
  } catch (failure) {
    if (failure instanceof GatewayError) throw failure;
    throw moduleSyntaxError(path, (failure as BuildFailure).errors);
  }
}

async function evaluate(path: string, url: string): Promise<unknown> {
  let exported: unknown;
  try {
    const module: Record<string, unknown> = await import(url);
    const standard = defaultExport(module);
    exported = typeof standard === 'function' ? await standard() : standard;
  } catch (cause) {
    throw new GatewayError('GW_CONFIG', `${path} failed while it ran: ${messageOf(cause)}`, { cause });
  }
  if (exported === undefined) {
    throw new GatewayError(
      'GW_CONFIG',
      `${path} exports no configuration: expected "export default" of an object, or of a function that returns one.`,
    );
  }
  return exported;
}
