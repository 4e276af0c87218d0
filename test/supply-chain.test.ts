// What comes from others: every package is fixed by its checksum, needs no script of its own to be installed, and has a reason.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import own from '../package.json' with { type: 'json' };
import lock from '../package-lock.json' with { type: 'json' };
import mutationOwn from '../tools/mutation/package.json' with { type: 'json' };
import mutationLock from '../tools/mutation/package-lock.json' with { type: 'json' };

interface Locked {
  /** Where it is another than that of its directory. */
  readonly name?: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

const packagesOf = (packages: Readonly<Record<string, Locked>>) => Object.entries(packages).filter(([path]) => path !== '');
const locked = packagesOf(lock.packages);
const lockedForMutation = packagesOf(mutationLock.packages);
const atRunTime = { ...own.dependencies, ...own.optionalDependencies };

/** The names in the first column of the table under that heading. */
function namesIn(heading: string): readonly string[] {
  const text = readFileSync('docs/decisions/dependencies.md', 'utf8');
  const [, rest = ''] = text.split(`\n## ${heading}\n`);
  const rows = (rest.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

describe('packages', () => {
  it('at run time are those with a reason in docs/decisions/dependencies.md, and no others', () => {
    expect(namesIn('At run time').toSorted()).toEqual(Object.keys(atRunTime).toSorted());
  });

  it('have one exact version each', () => {
    const versions = Object.values({ ...atRunTime, ...own.devDependencies, ...mutationOwn.devDependencies });
    expect(versions.filter((version) => !/^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it.each([
    ['of the program and its tests', locked],
    ['of the mutation tests', lockedForMutation],
  ])('%s are fixed by a SHA-512 each, and come from the registry', (_whose, packages) => {
    expect(packages.length).toBeGreaterThan(100);
    expect(packages.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')).map(([path]) => path)).toEqual([]);
    expect(packages.filter(([, { resolved }]) => /^(git|file|http:)/.test(resolved ?? '')).map(([path]) => path)).toEqual([]);
  });

  // esbuild's script only makes its start faster, keytar's only builds what its package has built already. The tests run without either.
  it('that have an install script are two, and neither of them needs it', () => {
    const scripted = [...locked, ...lockedForMutation]
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([path]) => path);
    expect(scripted).toEqual(['node_modules/esbuild', 'node_modules/keytar']);
  });
});

interface Component {
  readonly purl: string;
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}

// With --omit dev npm leaves out what the program shares with a package of the build, the core of the AWS SDK among it.
describe('npm run sbom', () => {
  it.each(['CHANGELOG.md', 'docs/security.md', 'docs/decisions/dependencies.md'])(
    'is named in %s with --silent: npm would write two lines of its own before the JSON',
    (path) => {
      const named = readFileSync(path, 'utf8').match(/npm run [^`]*sbom/g);
      expect(new Set(named)).toEqual(new Set(['npm run --silent sbom']));
    },
  );

  it('names every package, tells those of the program from those of the build, and asks no registry', { timeout: 90_000 }, () => {
    const home = mkdtempSync(join(tmpdir(), 'rk-sbom-'));
    try {
      const env = { PATH: process.env['PATH'], HOME: home, npm_config_offline: 'true', npm_config_cache: join(home, 'cache') };
      const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'sbom'], { env, encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
      const { components }: { readonly components: readonly Component[] } = JSON.parse(stdout);
      const isOfBuild = ({ properties }: Component) => properties.some(({ name }) => name === 'cdx:npm:package:development');
      expect(namesOf(components.filter((one) => !isOfBuild(one)))).toEqual(namesInLockfile(({ dev }) => dev !== true));
      expect(namesOf(components)).toEqual(namesInLockfile(() => true));
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});

function namesOf(components: readonly Component[]): readonly string[] {
  return [
    ...new Set(components.map(({ purl }) => decodeURIComponent(purl.replace(/^pkg:npm\//, '').replace(/\?.*$/, '')))),
  ].sort();
}

function namesInLockfile(isMeant: (one: Locked) => boolean): readonly string[] {
  const meant = locked.filter(([, one]) => isMeant(one));
  return [
    ...new Set(meant.map(([path, { name, version }]) => `${name ?? path.split('node_modules/').at(-1)}@${version}`)),
  ].sort();
}
