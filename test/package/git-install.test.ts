import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PackageProject } from '../support/package-project.js';

describe('the package, installed from its git repository', () => {
  it('is built by npm, and runs', (t) => {
    const project = new PackageProject();
    t.after(() => project.remove());
    project.install(project.commit());
    const command = join(project.folder, 'node_modules/.bin/gatewayworker');
    project.write(
      'events/index.js',
      "const { Gateway } = require('gatewayworker');\nexports.onMessage = () => Gateway;",
    );
    assert.match(project.run(command, ['check']), /events .*compiles\n/);
  });
});
