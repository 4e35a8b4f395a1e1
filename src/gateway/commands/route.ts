import { GatewayError } from '../../base/errors.js';
import { Command, Flag } from '../../wire/command.js';
import type { CommandHandler } from './command-handler.js';
import { nameOf } from './ext-data.js';

/** Sends clients to the workers that own their keys. Both are also about a client that is gone, whose worker has to know. */
export const routeCommands: Readonly<Record<number, CommandHandler>> = {
  // ext_data: the key; body: 'cluster', or nothing for the scope 'node'
  [Command.ROUTE_CLIENT]({ routes }, frame, asker) {
    const scope = frame.bodyStart === frame.bodyEnd ? 'node' : 'cluster';
    const key = nameOf(frame);
    if (key === '') throw new GatewayError('GW_FRAME', 'ROUTE_CLIENT came without a key in its ext_data.');
    const own = (frame.flags & Flag.OWN) !== 0;
    routes.ask(frame.connectionId, key, scope, own ? asker.peer : undefined);
  },

  // body: frames of events, one behind the other
  [Command.CLIENT_MOVED]({ routes }, frame, asker) {
    routes.moved(frame.connectionId, asker.peer, frame);
  },
};
