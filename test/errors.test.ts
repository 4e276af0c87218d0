import { describe, expect, it } from 'vitest';
import { AppError, type ErrorCode, type ErrorDetails, recallError } from '../src/errors.ts';
import { shellWord } from '../src/shell-word.ts';

/** What a profile, keys, a path or a store can be called. */
const name = "x y;touch 'pwn'";
const hint = 'as its maker says';
const problem = 'it is so';

/** The compiler knows the codes. */
const everyDetails: { readonly [C in ErrorCode]: ErrorDetails[C] } = {
  usage: { problem },
  'no-terminal': { command: 'login', instead: hint },
  'config-unreadable': { path: name, problem },
  'config-malformed': { path: name, line: 1, problem },
  'config-unwritable': { path: name, problem },
  'edit-refused': { path: name, line: 1, problem },
  'profile-unknown': { profile: name, others: [name], path: name },
  'recipe-invalid': { profile: name, problem, chain: [name, name], hint },
  'keys-missing': { keys: name, profile: name },
  'keys-broken': { keys: name, problem },
  'keys-at-risk': { keys: name, problem, hint },
  'keys-of-another-user': { keys: name, storedArn: 'arn', newArn: 'arn', proposal: hint },
  'foreign-owner': { path: name, ownerUid: 0 },
  'login-needed': { profile: name, target: name, why: problem },
  'mfa-refused': { serial: name, words: problem, hint },
  'program-failed': { setting: 'mfa_process', wanted: 'code', profile: name, problem },
  'program-needed': { setting: 'credential_process', profile: name },
  'identity-unusable': { profile: name, what: 'token', problem, hint },
  'environment-lacks': { profile: name, what: 'a container', problem, hint },
  'machine-failed': { service: name, problem, hint },
  'store-locked': { store: name, hint },
  'store-unavailable': { store: name, problem, hint },
  'store-rejected': { store: name, account: name, problem },
  'format-newer': { what: name, version: 2 },
  'aws-refused': { doing: name, awsCode: 'AccessDenied', words: problem, hint, isTransient: false },
  'certificate-unusable': { path: name, problem, hint },
  network: { endpoint: name, problem },
  deadline: { doing: name, seconds: 1 },
  'state-unwritable': { path: name, problem },
  'rotation-refused': { keys: name, problem, hint },
  'agent-running': { socket: name },
  'agent-absent': { socket: name },
  'agent-not-mine': { socket: name },
  'agent-silent': { problem, hint },
  'stdout-unwritable': { problem },
  'service-failed': { doing: name, problem, hint },
  'proof-failed': { profile: name, problem, hint },
  'called-by-itself': { profile: name },
  'faults-found': { count: 1, fixable: 1 },
  interrupted: {},
  declined: {},
  unexpected: { problem },
};

describe('AppError', () => {
  // It stood there alone, and nobody knew what to do next.
  it('says what to do when a store does not take an item', () => {
    const details = { store: 'the age store in /s', account: 'keys/corp', problem: 'the disk is full' };
    const { message, hint } = new AppError('store-rejected', details);
    expect(message).toBe('the age store in /s did not take keys/corp: the disk is full');
    expect(hint).toContain('space');
  });

  // "run `rolekeeper login my corp`" names two profiles to a shell, and a `;` ends the command.
  it.each(Object.entries(everyDetails))('gives %s no command with a bare name in it', (code, details) => {
    const error = recallError(code, details);
    const said = `${error?.message}\n${error?.hint}`.replaceAll(shellWord(name), 'WORD');
    for (const [command] of said.matchAll(/`[^`]+`/g)) expect(command).not.toContain('touch');
    if (error?.hint?.includes(name)) expect(error.hint).toBe(`say one of: ${name}`);
  });

  it('gives commands with names in quotes', () => {
    const { hint: toLogIn } = new AppError('login-needed', { profile: 'my dev', target: 'my corp', why: problem });
    expect(toLogIn).toBe('run `rolekeeper login "my corp"`');
    const { hint: toLook } = new AppError('config-unreadable', { path: name, problem });
    expect(toLook).toContain(`\`ls -l 'x y;touch '\\''pwn'\\'''\``);
  });
});
