import type { RunningEvent } from '../ring/thread-gauge.js';
import { formatClientId } from '../wire/client-id.js';
import { Command, eventName } from '../wire/command.js';

/** The id of the client whose event it is; undefined when another worker has sent it. */
export function clientOf({ command, localIp, localPort, connectionId }: RunningEvent): string | undefined {
  return command === Command.ON_WORKER_MESSAGE ? undefined : formatClientId(localIp, localPort, connectionId);
}

/** An event as people read it: `onMessage of 7f0000010b54ada44a13`. */
export function textOf(event: RunningEvent): string {
  const client = clientOf(event);
  return client === undefined ? eventName(event.command) : `${eventName(event.command)} of ${client}`;
}
