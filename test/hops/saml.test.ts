import { beforeEach, describe, expect, it } from 'vitest';
import type { SamlHop } from '../../src/config/entry-hop.ts';
import { requestSaml } from '../../src/hops/saml.ts';
import { type AssertionParts, openIdentityProvider } from '../harness/identity-provider.ts';
import { call, type EntryWorld, endpoint, entryWorld } from './entry-world.ts';

const provider = openIdentityProvider();
const roleArn = 'arn:aws:iam::222233334444:role/Office';
const otherArn = 'arn:aws:iam::222233334444:role/Other';
const command = 'print-assertion';
const hop: SamlHop = { kind: 'saml', command, namedIn: 'config', request: { roleArn }, endpoint };

let world: EntryWorld;
beforeEach(() => {
  world = entryWorld();
});

function ask(printed: string, more: Partial<SamlHop> = {}) {
  world.outputs.set(command, printed);
  return requestSaml({ ...hop, ...more }, call, world.ports);
}
const sent = () => world.sts.calls.flatMap((each) => (each.operation === 'AssumeRoleWithSAML' ? [each.request] : []));
const assertion = (more: Partial<AssertionParts> = {}) => provider.assertion({ roles: [otherArn, roleArn], ...more });

describe('requestSaml', () => {
  it('takes the provider from the assertion, and an hour where nothing else is said', async () => {
    const printed = assertion();
    expect(await ask(printed)).toMatchObject({ accessKeyId: 'ASIA0001' });
    expect(sent()).toMatchObject([{ roleArn, principalArn: provider.saml.arn, durationSeconds: 3600 }]);
    expect(sent()[0]?.assertion.reveal()).toBe(printed);
  });

  it('takes line ends in the base64, as programs print it', async () => {
    const printed = assertion();
    await ask(`${printed.replace(/.{76}/g, '$&\r\n')}\n`);
    expect(sent()[0]?.assertion.reveal()).toBe(printed);
  });

  it('the profile says how long, else the assertion', async () => {
    await ask(assertion({ sessionSeconds: 7200 }));
    await ask(assertion({ sessionSeconds: 7200 }), { request: { roleArn, durationSeconds: 900 } });
    await ask(assertion({ sessionSeconds: 99_999 }));
    expect(sent().map(({ durationSeconds }) => durationSeconds)).toEqual([7200, 900, 3600]);
  });

  // Messages stay in the state, and go to whoever asked.
  it.each([60_000, 1_900])('says it in few words, also where a name has %d characters', async (length) => {
    const roles = Array.from({ length: length > 10_000 ? 1 : 20 }, (_, index) => `${otherArn}${index}${'x'.repeat(length)}`);
    const failure = await ask(assertion({ roles })).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'identity-unusable', message: expect.stringMatching(/^.{50,1300}$/) });
  });

  it('says which roles an assertion allows instead', async () => {
    await expect(ask(assertion({ roles: [otherArn] }))).rejects.toMatchObject({
      code: 'identity-unusable',
      message: `the SAML assertion for "dev" cannot be used: it does not allow ${roleArn}; it allows ${otherArn} by ${provider.saml.arn}`,
      hint: 'choose a role that it allows as role_arn of "dev"',
    });
    expect(sent()).toEqual([]);
  });

  it('names no more than ten of them', async () => {
    const roles = Array.from({ length: 200 }, (_one, index) => `${otherArn}${index}`);
    await expect(ask(assertion({ roles }))).rejects.toThrow(/Other9 by \S+ and 190 more$/);
  });

  it('takes the provider of the profile where there are several', async () => {
    const [one, two] = ['one', 'two'].map((name) => `arn:aws:iam::222233334444:saml-provider/${name}`);
    const printed = assertion({ roles: [`${roleArn},${one}`, `${two},${roleArn}`], principalArn: '' });
    await expect(ask(printed)).rejects.toThrow('by more than one provider');
    await ask(printed, { principalArn: two ?? '' });
    expect(sent()).toMatchObject([{ principalArn: two }]);
    await expect(ask(printed, { principalArn: `${two}-3` })).rejects.toThrow(`does not allow ${roleArn} by ${two}-3`);
  });

  it.each([
    ['', 'it is empty'],
    ['Please sign in: ', 'it is not in base64'],
    ['A'.repeat(100_001), 'it is longer than 100000 characters'],
    [Buffer.from('no xml').toString('base64'), 'it is no well-formed XML'],
    [Buffer.from('<a>').toString('base64'), 'it is no well-formed XML'],
    [Buffer.from('<a/>').toString('base64'), 'it allows no role of AWS'],
  ])('%j is no assertion', async (printed, problem) => {
    await expect(ask(printed)).rejects.toMatchObject({
      message: expect.stringContaining(problem),
      hint: expect.stringContaining('by hand'),
    });
  });

  it('an encrypted one needs saml_principal_arn', async () => {
    const xml = '<r xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion"><s:EncryptedAssertion>x</s:EncryptedAssertion></r>';
    const printed = Buffer.from(xml).toString('base64');
    await expect(ask(printed)).rejects.toMatchObject({ hint: 'set saml_principal_arn for "dev"' });
    await ask(printed, { principalArn: provider.saml.arn });
    expect(sent()).toMatchObject([{ principalArn: provider.saml.arn, durationSeconds: 3600 }]);
  });

  it('the agent, which runs no programs, says that one is needed', async () => {
    const { programs: _none, ...ports } = world.ports;
    await expect(requestSaml(hop, call, ports)).rejects.toMatchObject({ code: 'program-needed' });
  });
});
