import { GatewayError } from '../../base/errors.js';
import { Command } from '../../wire/command.js';
import type { CommandHandler } from './command-handler.js';
import { jsonObject } from './ext-data.js';

/** Brings workers what others send them. */
export const workerCommands: Readonly<Record<number, CommandHandler>> = {
  // ext_data: JSON {key, scope: 'cluster' or missing} or {worker: its name}; body: JSON, or with Flag.BINARY bytes
  [Command.SEND_TO_WORKER]({ workerMessages }, frame, { peer }) {
    const { key, scope, worker } = jsonObject(frame);
    const from = peer?.name ?? '';
    if (typeof worker === 'string') workerMessages.toWorker(worker, frame, from);
    else if (typeof key === 'string')
      workerMessages.toOwner(key, scope === 'cluster' ? 'cluster' : 'node', frame, from);
    else
      throw new GatewayError(
        'GW_FRAME',
        'SEND_TO_WORKER came without a key or a worker; expected one of the two.',
      );
  },
};
