import { Buffer } from 'node:buffer';
import type { Ajv, ErrorObject } from 'ajv';
import { messageOf } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';
import { Bytes, type ClientMessage, type ClientMessages } from './message.js';
import type { StandardIssue, StandardResult, StandardSchema } from './schema-types.js';

/** What has come does not fit. */
export interface Misfit {
  /** As a JSON pointer: '' for the data as a whole. */
  readonly path: string;
  /** Behind the path: `must be string`. */
  readonly problem: string;
}

/** Data that fits, or why it does not. */
export type Checked = { readonly data: unknown; readonly misfit?: undefined } | { readonly misfit: Misfit };

/** A message that clients may send, with its schema compiled. */
export interface CheckedMessage {
  readonly handler: ClientMessage<object>['handler'];
  readonly check: (data: unknown) => Checked | PromiseLike<Checked>;
}

/** Characters of a name out of a client's data that an error repeats. */
const LONGEST_NAME = 64;
const LONGEST_PATH = 256;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Compiles the schemas. What only they need is loaded only here.
 *
 * @param file the events module's name for messages
 * @throws GW_EVENTS_INVALID
 */
export async function compileMessages(
  messages: ClientMessages<never>,
  file: string,
): Promise<ReadonlyMap<string, CheckedMessage>> {
  const compiled = new Map<string, CheckedMessage>();
  let ajv: Ajv | undefined;
  for (const [event, entry] of Object.entries(messages)) {
    const { schema, handler } = (entry ?? {}) as Partial<ClientMessage<object>>;
    if (typeof handler !== 'function') {
      throw invalid(file, event, 'it is none; expected message({ … }, (client, data) => { … })');
    }
    try {
      if (schema === undefined) compiled.set(event, { handler, check: () => NO_DATA });
      else if (isStandard(schema)) compiled.set(event, { handler, check: standardCheck(schema) });
      else compiled.set(event, { handler, check: jsonCheck((ajv ??= await newAjv()), schema) });
    } catch (cause) {
      throw invalid(file, event, `its schema cannot be used: ${messageOf(cause)}`, cause);
    }
  }
  return compiled;
}

const NO_DATA: Checked = { data: undefined };

async function newAjv(): Promise<Ajv> {
  const { Ajv: Validator } = await import('ajv');
  const ajv = new Validator({
    strict: false,
    // what is misspelt in a schema would let in what should not be
    strictSchema: true,
    allowUnionTypes: true,
    addUsedSchema: false,
  });
  ajv.addKeyword({
    keyword: 'bytes',
    schemaType: 'boolean',
    modifying: true,
    errors: false,
    validate: takesBytes,
  });
  return ajv;
}

/** Bytes are a Buffer already, or text that a client could only send so, which becomes one. */
function takesBytes(
  wanted: boolean,
  data: unknown,
  _schema: unknown,
  at?: { parentData: Record<PropertyKey, unknown>; parentDataProperty: PropertyKey },
): boolean {
  if (!wanted || Buffer.isBuffer(data)) return true;
  const text = (data as { base64?: unknown } | null)?.base64;
  if (typeof text !== 'string' || !BASE64.test(text) || at === undefined) return false;
  at.parentData[at.parentDataProperty] = Buffer.from(text, 'base64');
  return true;
}

function jsonCheck(ajv: Ajv, schema: object): CheckedMessage['check'] {
  const fields = fieldsOf(schema);
  if (fields === undefined) checkKeywords(ajv, schema);
  // in an object of its own: a check may put bytes in the place of text
  const fits = ajv.compile<{ data: unknown }>({
    type: 'object',
    properties: { data: fields === undefined ? schema : objectOf(fields) },
    required: ['data'],
  });
  return (data) => {
    // an object of which nothing has to be there need not be there either
    const value = { data: data === undefined && fields !== undefined ? {} : data };
    if (value.data === undefined) return { misfit: { path: '', problem: 'is missing' } };
    return fits(value) ? value : { misfit: misfitOf(fits.errors?.[0]) };
  };
}

/** What is no keyword is most likely a field that is no schema: ajv would not say so. @throws TypeError */
function checkKeywords(ajv: Ajv, schema: object): void {
  const unknowns = Object.entries(schema).filter(([name]) => !(name in ajv.RULES.keywords));
  if (unknowns.length === 0) return;
  const [unknown] = unknowns.find(([, value]) => !isField(value)) ?? unknowns[0];
  throw new TypeError(
    `"${unknown}" is no keyword of JSON Schema; if it is a field of the data, each field must be a JSON Schema, such as { ${unknown}: Type.String() }`,
  );
}

/** The fields of an object; undefined where it is the schema of the whole data. */
function fieldsOf(schema: object): Readonly<Record<string, object>> | undefined {
  if ('~kind' in schema || schema === Bytes) return undefined;
  return Object.values(schema).every(isField) ? (schema as Record<string, object>) : undefined;
}

function isField(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(fields: Readonly<Record<string, object>>): object {
  const standard = Object.entries(fields).find(([, field]) => isStandard(field))?.[0];
  if (standard !== undefined) {
    throw new TypeError(
      `the field ${standard} is no JSON Schema; give the schema of the whole data instead, such as z.object({ … })`,
    );
  }
  return {
    type: 'object',
    properties: fields,
    required: Object.keys(fields).filter((name) => !('~optional' in fields[name])),
    additionalProperties: false,
  };
}

/** As a client is told. */
function misfitOf(error: ErrorObject | undefined): Misfit {
  const { instancePath = '', keyword = '', message = 'does not fit', params = {} } = error ?? {};
  const path = instancePath.replace(/^\/data/, '').slice(0, LONGEST_PATH);
  const { missingProperty, additionalProperty, allowedValues } = params as Record<string, unknown>;
  switch (keyword) {
    case 'required':
      return { path: `${path}/${pointer(missingProperty)}`, problem: 'is missing' };
    case 'additionalProperties':
      return { path: `${path}/${pointer(additionalProperty)}`, problem: 'is not expected' };
    case 'enum':
      return { path, problem: `must be one of ${JSON.stringify(allowedValues)}` };
    case 'bytes':
      return { path, problem: 'must be bytes, or {"base64":"…"}' };
    default:
      return { path, problem: message };
  }
}

/** A name as a JSON pointer has it. It may be the client's own. */
function pointer(name: unknown): string {
  return String(name).slice(0, LONGEST_NAME).replaceAll('~', '~0').replaceAll('/', '~1');
}

function isStandard(schema: object): schema is StandardSchema {
  return '~standard' in schema;
}

function standardCheck(schema: StandardSchema): CheckedMessage['check'] {
  const { validate } = schema['~standard'];
  if (typeof validate !== 'function') throw new TypeError('its ~standard has no validate');
  return (data) => {
    const result = validate(data);
    return result instanceof Promise ? result.then(checked) : checked(result);
  };
}

function checked(result: StandardResult<unknown>): Checked {
  return result.issues === undefined ? { data: result.value } : { misfit: misfitOfIssue(result.issues[0]) };
}

function misfitOfIssue({ message, path = [] }: StandardIssue): Misfit {
  const names = path.map((part) => (typeof part === 'object' ? part.key : part));
  return { path: names.map((name) => `/${pointer(name)}`).join(''), problem: message };
}

function invalid(file: string, event: string, found: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'GW_EVENTS_INVALID',
    `${file} has a message '${event}' that cannot be used: ${found}.`,
    {
      cause,
    },
  );
}
