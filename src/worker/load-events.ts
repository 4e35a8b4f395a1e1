import { messageOf, stackOf } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';
import type { WorkerTask } from '../link/thread-protocol.js';
import { type Events, type WorkerInfo, checkEvents } from './events.js';

/**
 * The developer's code.
 *
 * @throws GW_EVENTS_INVALID
 */
export async function loadEvents({ bundle, eventsFolder }: WorkerTask): Promise<Events> {
  // stack traces name the lines of the user's own files
  process.setSourceMapsEnabled(true);
  let module: Record<string, unknown>;
  try {
    module = (await import(bundle)) as Record<string, unknown>;
  } catch (cause) {
    const missing = /^Cannot find package '([^']+)'/.exec(messageOf(cause))?.[1];
    if (missing !== undefined) {
      throw new GatewayError(
        'GW_EVENTS_INVALID',
        `${eventsFolder} imports the package ${missing}, which is not installed: run npm install ${missing} beside it.`,
        { cause },
      );
    }
    throw new GatewayError('GW_EVENTS_INVALID', `${eventsFolder} cannot be loaded:\n${stackOf(cause)}`, {
      cause,
    });
  }
  return checkEvents(module, eventsFolder);
}

/** Runs onWorkerStart. @throws GW_EVENTS_START */
export async function startEvents(events: Events, info: WorkerInfo): Promise<void> {
  try {
    await events.onWorkerStart?.(info);
  } catch (cause) {
    throw new GatewayError('GW_EVENTS_START', `onWorkerStart failed:\n${stackOf(cause)}`, { cause });
  }
}
