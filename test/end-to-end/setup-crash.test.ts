// `setup` killed after each step that changes something: run again it finishes the job, and the way back leads to the bytes before the first.

import process from 'node:process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../src/refresh/fault-point.ts';
import { Bundles } from '../harness/bundle-module.ts';
import { until } from '../harness/session-bus.ts';
import { mfaSerial, openWorld, program, roleArn, succeed, usualCredentials, type World } from '../harness/world.ts';

const bundles = new Bundles();
let main = '';
let world: World;
let original: readonly string[];
beforeAll(() => {
  main = bundles.add('src/main.ts', { define: { FAULT_POINTS: 'true', ROLEKEEPER_VERSION: '"test"' } });
});
afterAll(() => bundles.close());
beforeEach(async () => {
  world = await openWorld();
  const place = 'region = eu-west-1\nendpoint_url = $STS\n';
  world.writeConfig(
    `# mine\n[profile corp]\n${place}mfa_serial = ${mfaSerial}\n\n[profile dev]\n${place}role_arn = ${roleArn('Dev')}\nsource_profile = corp\n`,
  );
  world.writeCredentials(usualCredentials);
  original = files();
});
afterEach(() => world.close());

function files(): readonly string[] {
  return [world.readConfig(), world.readCredentials()];
}

const args = () => ['setup', '--yes', '--code', world.sts.totp('alice')];

async function killAt(step: FaultPoint): Promise<void> {
  // As the front starts it: the lines that it writes are to run the program as it was built.
  const words = ['-c', 'exec -a "$0" "$@"', program, process.execPath, main, ...args()];
  const { child, ended } = world.startCommand('bash', words, { env: { FAULT_POINT: step } });
  let said = '';
  child.stderr?.on('data', (chunk: string) => {
    said += chunk;
  });
  await until(() => said.includes(`fault-point: ${step}\n`), `the step: ${step}`, 30_000);
  child.kill('SIGKILL');
  await ended;
}

describe('a setup that was killed', { timeout: 120_000 }, () => {
  it.each(['index item written', 'undo note kept', 'file written', 'AWS answered', 'item written', 'state published'] as const)(
    'at "%s" is finished by the next one, and can be taken back then',
    async (step) => {
      await killAt(step);
      const { stderr } = await succeed(world.rolekeeper(args()));
      expect(stderr).toContain('it works: "dev" is arn:aws:sts::222233334444:assumed-role/Dev/alice');
      expect(world.readCredentials()).not.toContain('aws_secret_access_key');
      await succeed(world.rolekeeper(['release', '--all', '--yes']));
      expect(files()).toEqual(original);
    },
  );
});
