import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPython } from '../harness/programs.ts';
import { accessKeyId, openUsualWorld, succeed, type World, workAccountId } from '../harness/world.ts';

// What another profile left in the environment was taken for a part of long-term keys, which have neither a token nor an end.
const leftovers = {
  AWS_ACCESS_KEY_ID: 'ASIAOLD',
  AWS_SECRET_ACCESS_KEY: 'old',
  AWS_SESSION_TOKEN: 'old',
  AWS_SECURITY_TOKEN: 'old',
  AWS_CREDENTIAL_EXPIRATION: '2020-01-01T00:00:00Z',
  // SDKs make names of hosts out of the account, and one for JavaScript takes a profile before the credentials.
  AWS_ACCOUNT_ID: '999999999999',
  AWS_CREDENTIAL_SCOPE: 'old-scope',
  AWS_PROFILE: 'old',
  AWS_DEFAULT_PROFILE: 'old',
};
const show = 'env | grep "^AWS_" | grep -vE "^AWS_(SECRET_ACCESS_KEY|REGION|DEFAULT_REGION|EC2_METADATA_DISABLED)=" | sort';

const ofDev = new RegExp(
  `^AWS_ACCESS_KEY_ID=ASIA\\w+\nAWS_ACCOUNT_ID=${workAccountId}\nAWS_CREDENTIAL_EXPIRATION=\\S+Z\nAWS_SESSION_TOKEN=\\S+\n$`,
);

let world: World;
beforeAll(async () => {
  world = await openUsualWorld();
  world.writeConfig(`${world.readConfig()}\n[rolekeeper plain]\nsession = none\nkeys = corp\n`);
});
afterAll(() => world.close());

async function linesFor(profile: string, shell: string): Promise<string> {
  return (await succeed(world.rolekeeper(['env', profile, '--shell', shell], { env: leftovers }))).stdout;
}

describe('variables that another profile left behind', () => {
  it('env unsets them in a shell', async () => {
    const ran = await world.run('sh', ['-c', `${await linesFor('plain', 'sh')}${show}`], { env: leftovers });
    expect(ran.stdout).toBe(`AWS_ACCESS_KEY_ID=${accessKeyId}\n`);
  });

  it('env sets those that temporary credentials have, and unsets the others', async () => {
    const ran = await world.run('sh', ['-c', `${await linesFor('dev', 'sh')}${show}`], { env: leftovers });
    expect(ran.stdout).toMatch(ofDev);
  });

  it('env says it in the words of the other shells', async () => {
    const gone = Object.keys(leftovers).filter((name) => !/^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)$/.test(name));
    const [fish, powershell, dotenv] = [
      await linesFor('plain', 'fish'),
      await linesFor('plain', 'powershell'),
      await linesFor('plain', 'dotenv'),
    ];
    for (const name of gone) {
      expect(fish).toContain(`set -e ${name}\n`);
      expect(powershell).toContain(`Remove-Item Env:${name} -ErrorAction SilentlyContinue\n`);
      expect(dotenv).toContain(name);
    }
    expect(dotenv).toMatch(/^# empty on purpose.*\nAWS_SESSION_TOKEN=\n/m);
  });

  it('env gives dotenv no empty profile, which botocore would look for', async () => {
    const dotenv = await linesFor('dev', 'dotenv');
    const given = dotenv.split('\n').flatMap((line) => (line === '' || line.startsWith('#') ? [] : [line]));
    const botocore = 'import botocore.session; print(botocore.session.Session().get_credentials().account_id)';
    const ran = await succeed(world.run('env', ['-u', 'AWS_PROFILE', ...given, findPython(), '-c', botocore]));
    expect(ran.stdout).toBe(`${workAccountId}\n`);
  });

  it('exec passes none of them on', async () => {
    const ran = await world.rolekeeper(['exec', 'plain', '--', 'sh', '-c', show], { env: leftovers });
    expect(ran.stdout).toBe(`AWS_ACCESS_KEY_ID=${accessKeyId}\n`);
    expect((await world.rolekeeper(['exec', 'dev', '--', 'sh', '-c', show], { env: leftovers })).stdout).toMatch(ofDev);
  });
});
