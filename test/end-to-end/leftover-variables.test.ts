import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessKeyId, openUsualWorld, succeed, type World } from '../harness/world.ts';

// What another profile left in the environment was taken for a part of long-term keys, which have neither a token nor an end.
const leftovers = {
  AWS_ACCESS_KEY_ID: 'ASIAOLD',
  AWS_SECRET_ACCESS_KEY: 'old',
  AWS_SESSION_TOKEN: 'old',
  AWS_SECURITY_TOKEN: 'old',
  AWS_CREDENTIAL_EXPIRATION: '2020-01-01T00:00:00Z',
};
const show = 'env | grep -E "^AWS_(ACCESS_KEY_ID|SESSION_TOKEN|SECURITY_TOKEN|CREDENTIAL_EXPIRATION)=" | sort';

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

  it('env unsets the old name of the token also beside a token', async () => {
    const ran = await world.run('sh', ['-c', `${await linesFor('dev', 'sh')}${show} | cut -c 1-25`], { env: leftovers });
    expect(ran.stdout).toMatch(/^AWS_ACCESS_KEY_ID=ASIA\w+\nAWS_CREDENTIAL_EXPIRATION\nAWS_SESSION_TOKEN=\S+\n$/);
  });

  it('env says it in the words of the other shells', async () => {
    expect(await linesFor('plain', 'fish')).toContain('set -e AWS_SESSION_TOKEN\nset -e AWS_SECURITY_TOKEN\n');
    expect(await linesFor('plain', 'powershell')).toContain('Remove-Item Env:AWS_SESSION_TOKEN -ErrorAction SilentlyContinue\n');
    expect(await linesFor('plain', 'dotenv')).toMatch(/^# empty on purpose.*\nAWS_SESSION_TOKEN=\n/m);
  });

  it('exec passes none of them on', async () => {
    const ran = await world.rolekeeper(['exec', 'plain', '--', 'sh', '-c', show], { env: leftovers });
    expect(ran.stdout).toBe(`AWS_ACCESS_KEY_ID=${accessKeyId}\n`);
  });
});
