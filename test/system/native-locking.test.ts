import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bundles } from '../harness/bundle-module.ts';

let bundles: Bundles;
beforeEach(() => {
  bundles = new Bundles();
});
afterEach(() => bundles.close());

/** What loadNativeLocking finds when the program lies in `directory`, as an npm-installed package's dist does. */
function loadFrom(directory: string): { readonly kind: string; readonly reason?: string } {
  const module = bundles.add('src/system/native-locking.ts', { below: directory });
  const program = `
    const { loadNativeLocking } = await import(process.argv[1]);
    const { kind, reason } = loadNativeLocking();
    console.log(JSON.stringify({ kind, reason }));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', program, module], { cwd: '/', encoding: 'utf8' }),
  );
}

/** A project of somebody else with these files in it. Returns where our package's dist lies there. */
function install(files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(bundles.directory, path)), { recursive: true });
    writeFileSync(join(bundles.directory, path), text);
  }
  return 'project/node_modules/rolekeeper/dist';
}

const real = dirname(createRequire(import.meta.url).resolve('fs-native-extensions/package.json'));

describe('loadNativeLocking', () => {
  it('finds the package beside ours, as npm installs it, without its loader', () => {
    const dist = install({ 'project/package.json': '{}' });
    rmSync(join(bundles.directory, 'node_modules'));
    const copy = join(bundles.directory, 'project', 'node_modules', 'fs-native-extensions');
    cpSync(real, copy, { recursive: true });
    rmSync(join(copy, 'binding.js')); // the loader's way in
    expect(loadFrom(dist)).toMatchObject({ kind: 'loaded' });
  });

  it('falls back to the loader when the package is laid out differently', () => {
    const dist = install({
      'project/node_modules/fs-native-extensions/package.json': '{"name":"fs-native-extensions","main":"index.js"}',
      'project/node_modules/fs-native-extensions/binding.js': 'exports.tryLock = exports.unlock = () => {};',
    });
    expect(loadFrom(dist)).toMatchObject({ kind: 'loaded' });
  });

  it('says why there is none when the package lacks the calls', () => {
    const dist = install({
      'project/node_modules/fs-native-extensions/package.json': '{"name":"fs-native-extensions"}',
      'project/node_modules/fs-native-extensions/binding.js': 'exports.tryLock = 7;',
    });
    expect(loadFrom(dist)).toMatchObject({ kind: 'unavailable', reason: 'it lacks the calls we need' });
  });

  it('says why there is none when the package is not there', () => {
    rmSync(join(bundles.directory, 'node_modules'));
    const dist = install({ 'project/package.json': '{}' });
    expect(loadFrom(dist)).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('fs-native-extensions') });
  });

  it('says why there is none when the prebuilt file cannot be loaded', () => {
    const prebuilt = `prebuilds/${process.platform}-${process.arch}/fs-native-extensions.node`;
    const dist = install({
      'project/node_modules/fs-native-extensions/package.json': '{"name":"fs-native-extensions"}',
      [`project/node_modules/fs-native-extensions/${prebuilt}`]: 'not a library',
    });
    expect(loadFrom(dist)).toMatchObject({ kind: 'unavailable' });
  });
});

describe('the program that was linked', () => {
  it('finds the package from where it really lies, as `npm link` needs', () => {
    const dist = install({ 'project/package.json': '{}' });
    symlinkSync(join(bundles.directory, 'project'), join(bundles.directory, 'link'));
    expect(loadFrom(dist.replace('project', 'link'))).toMatchObject({ kind: 'loaded' });
  });
});
