import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { describe } from '../../api/arguments.js';
import { GatewayError } from '../../base/errors.js';
import { suggestion } from '../../config/suggestion.js';
import { Refusal } from '../refusal.js';
import { EXPECTED } from './arguments.js';
import type { Call } from './call.js';
import { type CallName, calls, isCallName } from './calls.js';

/** Characters of what was found that an error shows. */
const LONGEST_SHOWN = 60;

/** A call that may be made: there is one of this name, and its arguments fit. */
export interface CheckedCall {
  readonly name: CallName;
  readonly call: Call;
  readonly args: unknown;
}

export const ajv = new Ajv({ verbose: true, allowUnionTypes: true });
ajv.addVocabulary([EXPECTED]);
/** Of the calls that somebody has asked for. */
const validators = new Map<CallName, ValidateFunction>();

/** @throws Refusal for no call, GW_ARGUMENT for arguments that do not fit: what was found and what was expected */
export function checkCall(name: string, args: unknown): CheckedCall {
  if (!isCallName(name)) throw noCall(name);
  const call = calls[name];
  let isValid = validators.get(name);
  if (isValid === undefined) {
    isValid = ajv.compile(call.args);
    validators.set(name, isValid);
  }
  if (!isValid(args))
    throw new GatewayError('GW_ARGUMENT', problem(name, call, args, isValid.errors?.at(-1)));
  return { name, call, args };
}

function noCall(name: string): Refusal {
  const closest = suggestion(name, Object.keys(calls));
  const remedy = closest === undefined ? 'GET /openapi.json lists them all.' : `did you mean "${closest}"?`;
  return new Refusal(404, `The Gateway API has no call ${shown(name)}; ${remedy}`);
}

/** @param error of several, as of a union, the last one, which is about the whole of it */
function problem(name: string, { args }: Call, given: unknown, error: ErrorObject | undefined): string {
  const [, argument = ''] = (error?.instancePath ?? '').split('/');
  const known = Object.keys(args.properties);
  // before what is missing, which a misspelt name most likely is
  const unknown = namesIn(given).find((found) => !known.includes(found));
  if (unknown !== undefined) {
    const closest = suggestion(unknown, known);
    const remedy =
      closest === undefined ? `expected ${known.join(', ') || 'none'}.` : `did you mean "${closest}"?`;
    return `${name} has no argument ${shown(unknown)}; ${remedy}`;
  }
  if (error?.keyword === 'required' && argument === '') {
    const missing = String(error.params.missingProperty);
    return `${name} was given no ${missing}; expected ${expectedOf(args, missing)}.`;
  }
  if (argument === '') {
    return `${name} was given ${shown(error?.data)}; expected an object with its arguments: ${known.join(', ') || 'none'}.`;
  }
  // what is wrong may lie within it
  const found = error?.instancePath === `/${argument}` ? `${shown(error.data)} as its` : 'a wrong';
  return `${name} was given ${found} ${argument}; expected ${expectedOf(args, argument)}.`;
}

function namesIn(given: unknown): string[] {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? Object.keys(given) : [];
}

function expectedOf({ properties }: Call['args'], argument: string): string {
  return (properties[argument] as { readonly [EXPECTED]?: string })[EXPECTED] ?? 'another value';
}

function shown(value: unknown): string {
  const text =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? 'an object' : describe(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
