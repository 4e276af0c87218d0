import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CertificateHop } from '../../src/config/entry-hop.ts';
import { parseProfileName, passphraseAccount } from '../../src/config/names.ts';
import { toPassphraseItem } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { requestCertificate } from '../../src/hops/certificate.ts';
import type { Certificates } from '../../src/ports/certificates.ts';
import type { CreateSessionCall, CreateSessionRequest } from '../../src/ports/roles-anywhere.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { fakeState } from '../fakes/fake-state.ts';

const hop: CertificateHop = {
  kind: 'certificate',
  files: { certificate: '/pki/client.pem', privateKey: '/pki/client.key' },
  trustAnchorArn: 'arn:anchor',
  profileArn: 'arn:profile',
  request: { roleArn: 'arn:aws:iam::123456789012:role/Build', durationSeconds: 3600 },
  endpoint: { region: 'eu-central-1', useFips: false, useDualstack: false, useGlobal: false },
};
const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const issued = {
  accessKeyId: 'ASIA1',
  secretAccessKey: new Secret('s'),
  sessionToken: new Secret('t'),
  issuedAt: 0,
  expiresAt: 1,
};

function world(identity = 'CN=alice') {
  const store = openMemoryStore();
  const sent: { readonly request: CreateSessionRequest; readonly call: CreateSessionCall }[] = [];
  const given: (string | undefined)[] = [];
  const certificate = { der: Buffer.alloc(0), serial: '1', subject: identity, identity, validFrom: 0, validTo: 1 };
  const certificates: Certificates = {
    read: async () => certificate,
    open: async ({ certificate: path }, { passphrase }) => {
      given.push((await passphrase())?.reveal());
      return { path, certificate, intermediates: [], key, keyKind: 'ECDSA' };
    },
  };
  const rolesAnywhere = {
    createSession: async (request: CreateSessionRequest, call: CreateSessionCall) => {
      sent.push({ request, call });
      return issued;
    },
  };
  return { store, sent, given, ports: { store, certificates, rolesAnywhere, state: fakeState() } };
}

const call = { profile: parseProfileName('build'), network: {} };

const step = { hop, principal: 'certificate of CN=alice/rolekeeper-alice' };

describe('requestCertificate', () => {
  it('sends no session name of its own, which AWS would refuse', async () => {
    const { sent, ports } = world();
    expect(await requestCertificate(step, call, ports)).toBe(issued);
    expect(sent[0]?.request).toEqual({
      trustAnchorArn: 'arn:anchor',
      profileArn: 'arn:profile',
      roleArn: 'arn:aws:iam::123456789012:role/Build',
      durationSeconds: 3600,
    });
    expect(sent[0]?.call.endpoint).toBe(hop.endpoint);
  });

  it('sends the session name of the configuration', async () => {
    const { sent, ports } = world();
    const named = { ...step, hop: { ...hop, request: { ...hop.request, roleSessionName: 'laptop' } } };
    await requestCertificate(named, call, ports);
    expect(sent[0]?.request.roleSessionName).toBe('laptop');
  });

  it('finds the passphrase by the key file, and passes over an item that is broken', async () => {
    const { store, given, ports } = world();
    const account = passphraseAccount('/pki/client.key');
    await requestCertificate(step, call, ports);
    await store.set(account, toPassphraseItem(new Secret('open'), '/pki/client.key', account));
    await requestCertificate(step, call, ports);
    await store.set(account, new Secret('{"v":1}'));
    await requestCertificate(step, call, ports);
    expect(given).toEqual([undefined, 'open', undefined]);
  });

  it("asks nothing with a certificate that has become somebody else's", async () => {
    const { sent, ports } = world('CN=bob');
    const asked = requestCertificate(step, call, ports);
    await expect(asked).rejects.toMatchObject({ code: 'certificate-unusable', hint: 'try again' });
    expect(sent).toEqual([]);
  });
});
