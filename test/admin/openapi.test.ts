import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { calls } from '#src/admin/calls/calls.js';
import { EXPECTED } from '#src/admin/calls/arguments.js';
import { openApi } from '#src/admin/openapi.js';
import { routes } from '#src/admin/routes.js';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly object[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: object }>>;

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

describe('openapi.json', () => {
  const text = JSON.stringify(openApi(routes, '1.2.3'));
  let document: Document;
  let operations: [path: string, method: string, operation: Operation][];
  before(() => {
    document = JSON.parse(text);
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, string, Operation] => [
        path,
        method,
        operation,
      ]),
    );
  });

  it('has every call, and every path that is for programs', () => {
    assert.deepEqual([document.openapi, document.info.version], ['3.1.0', '1.2.3']);
    for (const name of Object.keys(calls)) assert.ok(document.paths[`/api/${name}`].post.summary, name);
    for (const { path, method, summary } of routes) {
      if (summary !== undefined) assert.ok(document.paths[path][method.toLowerCase()], path);
    }
    assert.ok(document.paths['/api/batch'].post);
  });

  it('names each operation once', () => {
    const names = operations.map(([, , { operationId }]) => operationId);
    assert.equal(new Set(names).size, names.length);
    for (const [path, method] of operations) {
      assert.match(path, /^\/[\w./]+$/);
      assert.match(method, /^(?:get|post)$/);
    }
  });

  it('has schemas that are JSON Schema of 2020-12, which is that of OpenAPI 3.1', () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    ajv.addVocabulary([EXPECTED]);
    const schemas = operations.flatMap(([, , { requestBody, responses }]) =>
      [requestBody, ...Object.values(responses)].flatMap((part) => {
        const schema = part?.content?.['application/json'].schema;
        return schema === undefined ? [] : [schema];
      }),
    );
    assert.ok(schemas.length > 2 * Object.keys(calls).length);
    for (const schema of schemas) ajv.compile(schema);
  });

  it('refers to what there is', () => {
    const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path);
    assert.ok(references.length > 100);
    for (const path of new Set(references)) {
      let found: unknown = document;
      for (const name of path.split('/')) found = (found as Record<string, unknown>)[name];
      assert.ok(found, path);
    }
  });

  it('says of each operation what comes of it', () => {
    for (const [path, , { responses }] of operations) {
      assert.ok(responses['200'], path);
      for (const status of Object.keys(responses)) assert.match(status, /^[245]\d\d$/);
    }
  });
});
