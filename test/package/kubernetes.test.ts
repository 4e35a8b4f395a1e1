import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseYAML } from 'confbox';
import { routes } from '#src/admin/routes.js';
import { loadConfig } from '#src/config/load.js';
import { configFolder } from '../support/config-folder.js';
import { ROOT } from '../support/package-project.js';

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
    readonly fieldRef?: { readonly fieldPath: string };
  };
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: number };
}
interface Container {
  readonly env: readonly Variable[];
  readonly ports: readonly { readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly selector?: unknown;
    readonly ports?: readonly { readonly port: number; readonly targetPort?: number }[];
    readonly template?: { readonly spec: { readonly containers: readonly Container[] } };
  };
}

const FIELDS: Readonly<Record<string, string>> = {
  'metadata.name': 'chat-7d4-x2v',
  'status.podIP': '10.1.2.3',
};

describe('docs/kubernetes.yaml', () => {
  const manifests = readFileSync(join(ROOT, 'docs/kubernetes.yaml'), 'utf8')
    .split(/^---$/m)
    .map((text) => parseYAML<Manifest>(text));
  const secret = manifests.find(({ kind }) => kind === 'Secret');
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');

  function valueOf({ value, valueFrom }: Variable): string {
    if (value !== undefined) return value;
    const { secretKeyRef, fieldRef } = valueFrom ?? {};
    if (fieldRef !== undefined) return FIELDS[fieldRef.fieldPath];
    assert.equal(secretKeyRef?.name, secret?.metadata.name);
    return secret?.stringData?.[secretKeyRef?.key ?? ''] ?? '';
  }

  for (const { metadata, spec } of deployments) {
    it(`makes a configuration of the environment of ${metadata.name}, whose probes and ports are there`, async (t) => {
      const [container, ...others] = spec?.template?.spec.containers ?? [];
      assert.equal(others.length, 0);
      const env = Object.fromEntries(container.env.map((variable) => [variable.name, valueOf(variable)]));
      const cwd = await configFolder(t);
      const { config, warnings } = await loadConfig({ cwd, env });
      assert.deepEqual(warnings, []);
      assert.ok(config.admin);
      const adminPort = Number(config.admin.listen.split(':').at(-1));
      const listening = [
        adminPort,
        ...(config.register === false ? [] : [Number(config.register.listen.split(':').at(-1))]),
        ...(config.gateway === false ? [] : [config.gateway.lanPort, 8282]),
      ];
      assert.deepEqual(
        new Set(container.ports.map(({ containerPort }) => containerPort)),
        new Set(listening),
      );
      const { startupProbe, livenessProbe, readinessProbe } = container;
      for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
        if (probe === undefined) continue;
        const { path, port } = probe.httpGet;
        assert.equal(port, adminPort);
        assert.ok(
          routes.some((route) => route.path === path && route.open === true),
          path,
        );
      }
    });
  }

  it('has a Service before each, by the name that the others use', () => {
    const services = manifests.filter(({ kind }) => kind === 'Service');
    assert.deepEqual(
      services.map(({ metadata, spec }) => [
        metadata.name,
        spec?.ports?.map(({ port, targetPort = port }) => targetPort),
      ]),
      [
        ['chat-register', [1236]],
        ['chat', [8282]],
        ['chat-admin', [8280]],
      ],
    );
    assert.equal(deployments.length, 2);
  });
});
