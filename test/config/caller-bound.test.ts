import { describe, expect, it } from 'vitest';
import { environmentLack, isCallerBound } from '../../src/config/caller-bound.ts';
import { recipeFrom } from './recipe-from.ts';

const keys = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' };
const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/' };
const noKeys = [
  `profile "dev" starts from the keys of its caller's environment, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set`,
  'run it where both are set',
];
const noContainer = [
  'profile "dev" starts from the role of a container, and neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set',
  'run it in the container: ECS sets the one, EKS the other',
];

describe('a recipe that starts from the environment of its caller', () => {
  const role = '[profile dev]\nrole_arn = arn:aws:iam::222233334444:role/Dev\n';
  it.each<[string, Readonly<Record<string, string>>, boolean, readonly string[] | undefined]>([
    [`${role}credential_source = Environment\n`, keys, true, undefined],
    [`${role}credential_source = Environment\n`, {}, true, noKeys],
    [`${role}credential_source = EcsContainer\n`, container, true, undefined],
    [`${role}credential_source = EcsContainer\n`, {}, true, noContainer],
    [`${role}credential_source = Ec2InstanceMetadata\n`, {}, false, undefined],
    [`${role}source_profile = corp\n[profile corp]\n`, keys, false, undefined],
    ['[profile dev]\ncredential_process = print\n', {}, false, undefined],
    ['[rolekeeper dev]\nsession = none\n', {}, false, undefined],
  ])('%j under %o: bound %s, and what it lacks', (config, env, bound, lack) => {
    const recipe = recipeFrom(config, { env });
    const error = environmentLack(recipe);
    expect(isCallerBound(recipe)).toBe(bound);
    expect(error && [error.message, error.hint]).toStrictEqual(lack);
    expect(error?.exitStatus).toBe(lack === undefined ? undefined : 3);
  });
});
