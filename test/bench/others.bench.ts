// Other helpers, if they are on PATH, on the same work: cached role credentials for a caller. They never reach the real AWS from here.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { accessKeyId, openWorld, roleArn, secretAccessKey, type World } from '../harness/world.ts';
import { type Bench, type Chapter, pairedRow, type Row, roundsRow } from './row.ts';

export const others: Chapter = {
  name: 'others',
  title: 'other helpers on PATH, on the same work',
  async run(bench) {
    const vault = findProgram('aws-vault');
    return [
      ...(vault === undefined ? ['aws-vault: not found'] : await awsVaultRows(vault, bench)),
      findProgram('granted') === undefined
        ? 'granted: not found'
        : 'granted: found, but caches only after a sign-in in a browser',
    ];
  },
};

function findProgram(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((path) => isProgram(path));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not for us
  }
}

/** With its own store in files, which needs no desktop and is its fastest. */
async function awsVaultRows(vault: string, { spawner, options }: Bench): Promise<readonly (Row | string)[]> {
  const world = await openWorld();
  try {
    const env = { ...world.env, ...vaultEnv(world) };
    world.writeConfig(
      `[profile keys]\nregion = eu-west-1\n\n[profile open]\nrole_arn = ${roleArn('Open')}\nsource_profile = keys\n`,
    );
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const added = await world.run(vault, ['add', '--env', 'keys'], { env: { ...env, ...keys } });
    const answered = await world.run(vault, ['export', '--format=json', 'open'], { env });
    const problem = added.status === 0 ? answered : added;
    if (problem.status !== 0) return [`aws-vault: found, but did not answer: ${problem.stderr.split('\n')[0]}`];
    const [base, side] = await spawner.time(
      [
        { name: '/bin/true', command: ['/bin/true'], isSilent: true },
        { name: 'aws-vault export, cached, its file store', command: [vault, 'export', '--format=json', 'open'] },
      ],
      { rounds: options.pairs, atOnce: 1, env },
    );
    return base === undefined || side === undefined ? [] : [roundsRow(base), pairedRow(side, { base })];
  } finally {
    await world.close();
  }
}

function vaultEnv({ home, sts }: World): Readonly<Record<string, string>> {
  return {
    AWS_VAULT_BACKEND: 'file',
    AWS_VAULT_FILE_DIR: join(home, 'aws-vault'),
    AWS_VAULT_FILE_PASSPHRASE: 'bench',
    AWS_ENDPOINT_URL_STS: sts.url,
    // A version that does not know this variable would ask the real AWS: nobody listens there.
    HTTPS_PROXY: 'http://127.0.0.1:9',
  };
}
