import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PackageProject } from '../support/package-project.js';

describe('the package, installed from its git repository', () => {
  it('is built by npm, and runs', (t) => {
    const project = new PackageProject();
    t.after(() => project.remove());
    // npm installs what the build might need, and would compile this where it cannot download it: it gets the one that is here
    project.env.npm_config_better_sqlite3_local_prebuilds = project.packBinary('better-sqlite3');
    project.install(project.commit());
    const command = join(project.folder, 'node_modules/.bin/gatewayworker');
    project.write(
      'events/index.js',
      "const { Gateway } = require('gatewayworker');\nexports.onMessage = () => Gateway;",
    );
    assert.match(project.run(command, ['check']), /events .*compiles\n/);
  });
});
