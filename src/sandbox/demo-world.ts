// The demo's small world: a temporary home with two config files and a key for the age store, and an STS double in this process.
// Nothing in it is real, and nothing outside it is touched.

import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../ports/environment.ts';
import { newKeyFile } from '../stores/age-cipher.ts';
import { type StsDouble, startStsDouble } from './sts-double.ts';

export interface DemoWorld {
  readonly home: string;
  readonly credentialsPath: string;
  readonly configPath: string;
  /** For programs that run inside the world. */
  readonly env: Environment;
  readonly sts: StsDouble;
  close(): Promise<void>;
}

const account = '123456789012';
const workAccount = '222233334444';
const userArn = `arn:aws:iam::${account}:user/alice`;
const mfaSerial = `arn:aws:iam::${account}:mfa/alice`;
// AWS's own example keys, so that nobody takes them for real ones.
const accessKeyId = 'AKIAIOSFODNN7EXAMPLE';
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

/** `program` is what callers run. Everything is gone again after `close`. */
export async function openDemoWorld(env: Environment, program: string): Promise<DemoWorld> {
  const sts = await startStsDouble({
    users: [
      { arn: userArn, accessKeyId, secretAccessKey, mfa: { serial: mfaSerial, seed: 'JBSWY3DPEHPK3PXP' }, mayAssume: ['*'] },
    ],
    roles: ['Dev', 'Ops'].map((name) => ({
      arn: `arn:aws:iam::${workAccount}:role/${name}`,
      trust: [{ principals: [userArn], needsMfa: true }],
    })),
  });
  const home = mkdtempSync(join(tmpdir(), 'rolekeeper-demo-'));
  const aws = join(home, '.aws');
  mkdirSync(aws, { mode: 0o700 });
  const [configPath, credentialsPath, keyPath] = [join(aws, 'config'), join(aws, 'credentials'), join(home, 'age-key.txt')];
  writeFileSync(configPath, configText(sts.url, program));
  writeFileSync(credentialsPath, credentialsText, { mode: 0o600 });
  writeFileSync(keyPath, await newKeyFile(), { mode: 0o600 });
  chmodSync(home, 0o700);
  return {
    home,
    configPath,
    credentialsPath,
    sts,
    env: {
      PATH: env['PATH'],
      TERM: env['TERM'],
      HOME: home,
      USERPROFILE: home,
      ROLEKEEPER_STORE: 'age',
      ROLEKEEPER_AGE_KEY_FILE: keyPath,
      ROLEKEEPER_STATE_DIR: join(home, 'state'),
      ROLEKEEPER_RUNTIME_DIR: join(home, 'run'),
      ROLEKEEPER_AUTOSTART: '0',
    },
    close: async () => {
      await sts.stop();
      // A program that was interrupted may still be writing.
      await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

function configText(endpoint: string, program: string): string {
  const role = (name: string) => `
[profile ${name.toLowerCase()}]
region = eu-west-1
endpoint_url = ${endpoint}
credential_process = ${program} get ${name.toLowerCase()}

[rolekeeper ${name.toLowerCase()}]
role_arn = arn:aws:iam::${workAccount}:role/${name}
source_profile = corp
mfa_serial = ${mfaSerial}
`;
  return `# the sandbox's ~/.aws/config
[profile corp]
region = eu-west-1
endpoint_url = ${endpoint}
mfa_serial = ${mfaSerial}
${role('Dev')}${role('Ops')}`;
}

const credentialsText = `[corp]
aws_access_key_id = ${accessKeyId}
aws_secret_access_key = ${secretAccessKey}
`;
