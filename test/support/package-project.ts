import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This repository. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Milliseconds. It only bounds a failure: npm may have to fetch what is not in its cache. */
const LIMIT = 180_000;

interface Manifest {
  readonly version: string;
  readonly dependencies: object;
  readonly bin: object;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

/** A folder in which this package is installed as a stranger would, by npm. */
export class PackageProject {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatewayworker-package-')));
  /** Beside this process's own, for what is run in it. */
  readonly env: Record<string, string> = {};

  /** Packs this repository. @returns the tarball's name, in the folder */
  pack(): string {
    this.run('npm', ['pack', '--silent', '--pack-destination', this.folder], ROOT);
    return `file:gatewayworker-${manifest().version}.tgz`;
  }

  /** Makes a git repository of what is here now, committed or not. @returns its url, with the commit */
  commit(): string {
    const repository = join(this.folder, 'repository.git');
    const git = (...words: string[]): string =>
      this.run('git', [
        '--git-dir',
        repository,
        '-c',
        'user.name=test',
        '-c',
        'user.email=test@localhost',
        ...words,
      ]);
    git('init', '--quiet', '--bare');
    git('--work-tree', ROOT, 'add', '--all', ROOT);
    git('--work-tree', ROOT, 'commit', '--quiet', '--message', 'as it is');
    return `git+file://${repository}#${git('rev-parse', 'HEAD').trim()}`;
  }

  /** Installs it, with its dependencies in the versions of our lock file, so that npm need not ask which there are. */
  install(source: string): void {
    const { version, dependencies, bin } = manifest();
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
    const needed = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
    const project = { name: 'project', version: '1.0.0', dependencies: { gatewayworker: source } };
    const packages = {
      '': project,
      'node_modules/gatewayworker': { version, resolved: source, dependencies, bin },
      ...Object.fromEntries(needed),
    };
    this.write('package.json', JSON.stringify(project));
    this.write(
      'package-lock.json',
      JSON.stringify({ ...project, lockfileVersion: 3, requires: true, packages }),
    );
    this.run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund']);
  }

  /** Puts this repository where an installation would be, as `npm link` does: quicker. */
  linkPackage(): void {
    const program = join(ROOT, 'dist/main.js');
    chmodSync(program, 0o755);
    mkdirSync(join(this.folder, 'node_modules/.bin'), { recursive: true });
    symlinkSync(ROOT, join(this.folder, 'node_modules/gatewayworker'));
    symlinkSync(program, join(this.folder, 'node_modules/.bin/gatewayworker'));
  }

  write(file: string, text: string): void {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Makes a package of this repository's node_modules one of the project's. */
  link(name: string): void {
    const path = join(this.folder, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), path);
  }

  /** Packs the binary of a package of this repository's, as prebuild-install would download it. @returns the folder with it */
  packBinary(name: string): string {
    const installed = join(ROOT, 'node_modules', name);
    const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
    const abi = `node-v${process.versions.modules}-${process.platform}-${process.arch}`;
    const archive = join(this.folder, `${name}-v${version}-${abi}.tar.gz`);
    this.run('tar', ['-czf', archive, '-C', installed, `build/Release/${name.replace('-', '_')}.node`]);
    return this.folder;
  }

  /** Runs a program that has to succeed. @returns its output */
  run(program: string, args: readonly string[], folder = this.folder): string {
    const { status, stdout, stderr, error } = this.try(program, args, folder);
    assert.equal(status, 0, `${program} ${args.join(' ')}: ${error?.message ?? ''}\n${stdout}\n${stderr}`);
    return stdout;
  }

  try(program: string, args: readonly string[], folder = this.folder): SpawnSyncReturns<string> {
    // what the npm that runs these tests says of itself is not for another one
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(?:npm_|INIT_CWD$|NODE_V8_COVERAGE$|NODE_TEST_CONTEXT$)/.test(name),
    );
    return spawnSync(program, args, {
      cwd: folder,
      encoding: 'utf8',
      timeout: LIMIT,
      env: { ...Object.fromEntries(own), ...this.env },
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
}
