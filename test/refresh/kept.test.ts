import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { stepsOf } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { certificatePrincipal } from '../../src/hops/certificate-owner.ts';
import { keptFor } from '../../src/refresh/kept.ts';
import { fakeState } from '../fakes/fake-state.ts';

const text = `[rolekeeper build]
certificate = /pki/client.pem
trust_anchor_arn = arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/1
profile_arn = arn:aws:rolesanywhere:eu-central-1:123456789012:profile/1
role_arn = arn:aws:iam::123456789012:role/Build
`;

describe('keptFor', () => {
  it('keeps a role by a certificate that was renewed, though nobody has looked into the file since', async () => {
    const files = { config: parseConfigFile(text, '/config'), credentials: parseCredentialsFile('', '/credentials') };
    const profile = parseProfileName('build');
    const recipe = resolveRecipe(profile, files, {});
    const state = fakeState();
    const [hop] = recipe.hops;
    if (hop?.kind !== 'certificate') throw new Error('it starts from a certificate');
    const certificate = { der: Buffer.alloc(0), serial: '1', subject: 'CN=a', identity: 'CN=a', validFrom: 0, validTo: 1 };
    state.setDigest('/pki/client.pem', 'a'.repeat(64));
    const principal = await certificatePrincipal(
      hop,
      { profile, passphrase: async () => undefined },
      { state, certificates: { read: async () => certificate, open: async () => expect.fail('nothing is signed here') } },
    );
    const id = stepsOf(recipe, principal).at(-1)?.id;
    if (id === undefined) throw new Error('it has one hop');
    const record = { id, kind: 'role', profile, issuedAt: 0, expiresAt: 1 } as const;
    expect(keptFor(record, recipe, state)?.id).toBe(id);
    state.setDigest('/pki/client.pem', 'b'.repeat(64));
    expect(keptFor(record, recipe, state)?.id).toBe(id);
  });

  it('keeps nothing of a certificate that nobody ever saw', () => {
    const files = { config: parseConfigFile(text, '/config'), credentials: parseCredentialsFile('', '/credentials') };
    const profile = parseProfileName('build');
    const recipe = resolveRecipe(profile, files, {});
    const id = stepsOf(recipe, 'anybody').at(-1)?.id;
    if (id === undefined) throw new Error('it has one hop');
    expect(keptFor({ id, kind: 'role', profile, issuedAt: 0, expiresAt: 1 }, recipe, fakeState())).toBeUndefined();
  });
});
