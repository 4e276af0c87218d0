// Finds the callers that the tests run: two generations of `aws`, python3 with boto3, terraform, libfaketime. A missing one is a failure
// that says what to install, never a skip.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** An absolute path. Version 1 is botocore's own, version 2 carries a botocore inside. Debian's package is version 2. */
export function findAws(major: 1 | 2): string {
  const found = everyOnPath('aws').find((path) => said(path, ['--version']).includes(`aws-cli/${major}.`));
  const install = major === 2 ? 'apt-get install -y --no-install-recommends awscli' : 'pip install awscli';
  return found ?? missing(`aws, version ${major},`, install);
}

/** A python3 that has boto3. */
export function findPython(): string {
  const found = everyOnPath('python3').find((path) => said(path, ['-c', 'import boto3; print(boto3.__version__)']) !== '');
  return found ?? missing('python3 with boto3', 'apt-get install -y --no-install-recommends python3-boto3');
}

export function findTerraform(): string {
  return everyOnPath('terraform')[0] ?? missing('terraform', "Terraform's own release of 1.11 or later; Debian has no package");
}

/** The library that moves the clock of whole process trees, in its form for programs with threads. */
export function findFaketime(): string {
  const directories = readdirSync('/usr/lib').map((name) => join('/usr/lib', name, 'faketime'));
  const library = directories.map((path) => join(path, 'libfaketimeMT.so.1')).find((path) => existsSync(path));
  return library ?? missing('libfaketime', 'apt-get install -y --no-install-recommends faketime');
}

function everyOnPath(name: string): readonly string[] {
  const directories = new Set((process.env['PATH'] ?? '').split(':').filter((directory) => directory.startsWith('/')));
  return [...directories].map((directory) => join(directory, name)).filter((path) => existsSync(path));
}

/** Both streams: the first `aws` of all wrote its version to stderr. Empty when it failed. */
function said(path: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(path, args, { encoding: 'utf8', timeout: 30_000 });
  return status === 0 ? stdout + stderr : '';
}

function missing(what: string, install: string): never {
  throw new Error(`${what} is missing: ${install}`);
}
