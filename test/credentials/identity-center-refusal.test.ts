import { describe, expect, it } from 'vitest';
import { explainIdentityCenterRefusal, type IdentityCenterRefusal } from '../../src/credentials/identity-center-refusal.ts';

const base: IdentityCenterRefusal = {
  operation: 'GetRoleCredentials',
  awsCode: 'InvalidRequestException',
  message: 'Session token not found or invalid',
  httpStatus: 400,
  context: { profile: 'dev', loginTarget: 'corp' },
};
const role = { accountId: '123456789012', roleName: 'Admin' };

function told(refusal: Partial<IdentityCenterRefusal>) {
  const { code, message, hint, isTransient } = explainIdentityCenterRefusal({ ...base, ...refusal });
  return { code, message, hint, isTransient };
}

describe('explainIdentityCenterRefusal', () => {
  it.each([
    [{ awsCode: 'UnauthorizedException' }, 'corp'],
    [{ httpStatus: 401 }, 'corp'],
    [{ httpStatus: 401, context: { profile: 'dev' } }, 'dev'],
  ])('leads to a login where the sign-in is not taken any more: %o', (refusal, target) => {
    expect(told(refusal)).toEqual({
      code: 'login-needed',
      message: 'IAM Identity Center does not take the sign-in of "dev" any more',
      hint: `run \`rolekeeper login ${target}\``,
      isTransient: false,
    });
  });

  it.each([
    [{ awsCode: 'TooManyRequestsException' }, 'too many requests just now'],
    [{ awsCode: 'SlowDownException' }, 'too many requests just now'],
    [{ httpStatus: 429 }, 'too many requests just now'],
    [{ httpStatus: 500 }, 'a fault on its own side'],
  ])('takes %o as passing', (refusal, words) => {
    expect(told(refusal)).toEqual({
      code: 'aws-refused',
      message: `AWS refused GetRoleCredentials: ${words} (${{ ...base, ...refusal }.awsCode})`,
      hint: 'this goes away by itself; try again in a minute',
      isTransient: true,
    });
  });

  it('gives the command of a sign-in that no profile names', () => {
    const loginCommand = 'rolekeeper login --sso-session "my corp"';
    const { hint } = told({ httpStatus: 401, context: { profile: 'my corp', loginCommand } });
    expect(hint).toBe(`run \`${loginCommand}\``);
  });

  it.each([400, 401])('sends whoever lost the registration of the program to a login: HTTP status %d', (httpStatus) => {
    expect(told({ operation: 'CreateToken', awsCode: 'InvalidClientException', httpStatus })).toEqual({
      code: 'aws-refused',
      message: 'AWS refused CreateToken: it does not know the registration of this program (InvalidClientException)',
      hint: 'run `rolekeeper login dev`, which registers it anew',
      isTransient: false,
    });
  });

  it.each([403, 404])('says which role one does not have: HTTP status %d', (httpStatus) => {
    expect(told({ awsCode: 'ForbiddenException', httpStatus, role })).toEqual({
      code: 'aws-refused',
      message: 'AWS refused GetRoleCredentials: you have no role "Admin" in account 123456789012 there (ForbiddenException)',
      hint: '`rolekeeper sso accounts --profile dev` lists those that you have',
      isTransient: false,
    });
  });

  it.each([
    [{}, 'Session token not found or invalid'],
    [{ role }, 'Session token not found or invalid'],
    [{ httpStatus: 403 }, 'Session token not found or invalid'],
    [{ message: ' ' }, 'it gives no reason'],
  ])('repeats what it says of anything else: %o', (refusal, words) => {
    expect(told(refusal)).toEqual({
      code: 'aws-refused',
      message: `AWS refused GetRoleCredentials: ${words} (InvalidRequestException)`,
      hint: 'check sso_start_url and sso_region: `rolekeeper explain dev`',
      isTransient: false,
    });
  });

  it('needs neither a status nor a context', () => {
    const { httpStatus: _, ...bare } = { ...base, context: undefined };
    expect(explainIdentityCenterRefusal(bare).hint).toBe('check sso_start_url and sso_region: `rolekeeper explain PROFILE`');
  });

  it('repeats no more than 300 characters, and 64 of the code', () => {
    const { message } = told({ awsCode: 'c'.repeat(65), message: 'm'.repeat(301) });
    expect(message).toBe(`AWS refused GetRoleCredentials: ${'m'.repeat(300)}… (${'c'.repeat(64)}…)`);
  });
});
