import type { Exchange } from '../exchange.js';
import { asJson } from '../json.js';
import { errorBody, Refusal } from '../refusal.js';
import type { AdminContext } from '../route.js';
import { readBatch } from './batch.js';
import { type CheckedCall, checkCall } from './check-call.js';

const PREFIX = '/api/';

/** `POST /api/sendToGroup` with its arguments as an object: `{"result":…}`. */
export async function answerCall(exchange: Exchange, context: AdminContext): Promise<void> {
  const checked = checkCall(exchange.path.slice(PREFIX.length), await exchange.json());
  refuseChanges(context, [checked]);
  await answerOnce(exchange, context, [checked], async () => ({ result: await make(checked, context) }));
}

/**
 * `POST /api/batch`: one call after another, each with its result or its error; when one is wrong in itself, none is made.
 */
export async function answerBatch(exchange: Exchange, context: AdminContext): Promise<void> {
  const checked = readBatch(await exchange.json());
  refuseChanges(context, checked);
  await answerOnce(exchange, context, checked, async () => {
    const results: object[] = [];
    for (const one of checked) {
      try {
        results.push({ result: await make(one, context) });
      } catch (error) {
        results.push(errorBody(error));
      }
    }
    return { result: results };
  });
}

/** Queries may be asked as often as one likes, and their answers may be large: those are not kept. */
async function answerOnce(
  exchange: Exchange,
  { retries }: AdminContext,
  checked: readonly CheckedCall[],
  answer: () => Promise<object>,
): Promise<void> {
  const changes = checked.some(({ call }) => call.kind === 'send');
  if (changes) await retries.answer(exchange, answer);
  else exchange.sendJson(200, await answer());
}

async function make({ call, args }: CheckedCall, { calls, log }: AdminContext): Promise<unknown> {
  const api = await calls();
  // what is sent before it is known who is there could be lost unseen
  await api.connect();
  const value = await call.invoke(api, args);
  if (call.kind === 'send') {
    const drained = api
      .drained()
      .catch((error: unknown) => log.warn({ err: error }, 'what was pushed by HTTP may not have arrived'));
    // who pushes faster than the network takes it is answered when it has taken it
    if (value === false) await drained;
  }
  return asJson(value);
}

function refuseChanges({ readOnly }: AdminContext, checked: readonly CheckedCall[]): void {
  const change = checked.find(({ call }) => call.kind === 'send');
  if (readOnly && change !== undefined) {
    throw new Refusal(403, `${change.name} changes something, and admin.readOnly is true.`);
  }
}
