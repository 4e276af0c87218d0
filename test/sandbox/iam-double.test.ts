// What the double's IAM refuses, and our adapter never asks for; and how its keys live. Its signatures are tried in system/iam.test.ts.

import { beforeAll, describe, expect, it } from 'vitest';
import { performIam } from '../../src/sandbox/iam-double.ts';
import type { Principal, World } from '../../src/sandbox/sts-double-world.ts';
import { createWorld } from '../../src/sandbox/sts-double-world.ts';
import { alice, bob } from '../harness/sts-world.ts';

describe('the IAM of the double', () => {
  let now = Date.UTC(2026, 0, 2);
  let world: World;
  let caller: Principal;
  beforeAll(() => {
    world = createWorld({
      users: [{ ...alice, iamNeedsMfa: true }, bob],
      roles: [],
      now: () => now,
      skewMinutes: 15,
      newKeyDelayMs: 5_000,
    });
    caller = principalOf(alice.accessKeyId);
  });

  function principalOf(accessKeyId: string): Principal {
    const key = world.findKey(accessKeyId);
    if (key === undefined) throw new Error('the world has this key');
    return key.principal;
  }

  const session = (isMfaPresent: boolean): Principal => ({ ...caller, kind: 'session', isMfaPresent });
  const ask = (by: Principal, operation: Parameters<typeof performIam>[0], form: Record<string, string> = {}) =>
    performIam(operation, new URLSearchParams(form), { world, caller: by });

  it.each<[string, () => unknown, string]>([
    ['keys alone where the policy wants MFA', () => ask(caller, 'ListAccessKeys'), 'AccessDenied'],
    ['a session without MFA', () => ask(session(false), 'ListAccessKeys', { UserName: 'alice' }), 'InvalidClientTokenId'],
    ['a session that names no user', () => ask(session(true), 'ListAccessKeys'), 'ValidationError'],
    ['a role', () => ask({ ...caller, kind: 'role' }, 'ListAccessKeys', { UserName: 'alice' }), 'AccessDenied'],
    ["another user's keys", () => ask(session(true), 'CreateAccessKey', { UserName: 'bob' }), 'AccessDenied'],
    [
      "another user's key id",
      () => ask(session(true), 'DeleteAccessKey', { UserName: 'alice', AccessKeyId: bob.accessKeyId }),
      'NoSuchEntity',
    ],
    [
      'a status that is none',
      () => ask(session(true), 'UpdateAccessKey', { UserName: 'alice', AccessKeyId: alice.accessKeyId, Status: 'Off' }),
      'ValidationError',
    ],
  ])('refuses %s', (_what, call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }));
  });

  it('takes a while until a new key works, and none until one that is inactive does not', () => {
    const created = world.createUserKey(alice.arn);
    expect(world.findKey(created.accessKeyId)).toBeUndefined();
    now += 5_000;
    expect(world.findKey(created.accessKeyId)?.principal.arn).toBe(alice.arn);
    world.setUserKey(created.accessKeyId, false);
    expect(world.findKey(created.accessKeyId)).toBeUndefined();
    world.setUserKey(created.accessKeyId, true);
    expect(world.findKey(created.accessKeyId)).toBeDefined();
  });
});
