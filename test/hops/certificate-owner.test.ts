import { describe, expect, it } from 'vitest';
import type { CertificateHop } from '../../src/config/entry-hop.ts';
import { AppError } from '../../src/errors.ts';
import { certificatePrincipal, knownCertificate, lastCertificate } from '../../src/hops/certificate-owner.ts';
import type { Certificates } from '../../src/ports/certificates.ts';
import { fakeState } from '../fakes/fake-state.ts';

const path = '/pki/client.pem';
const hop: CertificateHop = {
  kind: 'certificate',
  files: { certificate: path },
  trustAnchorArn: 'arn:anchor',
  profileArn: 'arn:profile',
  request: { roleArn: 'arn:aws:iam::123456789012:role/Build', durationSeconds: 3600 },
  endpoint: { region: 'eu-central-1', useFips: false, useDualstack: false, useGlobal: false },
};
const owner = { profile: 'build', passphrase: async () => undefined };
const broken = new AppError('config-unreadable', { path, problem: 'there is no certificate in it' });
const locked = new AppError('certificate-unusable', { path, problem: 'it is encrypted', hint: 'h' });

/** A file whose content is a subject, or an error for whoever opens it. */
function world() {
  const state = fakeState();
  let content: string | AppError = broken;
  let looks = 0;
  const certificates: Certificates = {
    read: async () => {
      looks += 1;
      if (content instanceof AppError) throw content;
      return { der: Buffer.alloc(0), serial: '1', subject: content, identity: content, validFrom: 1000, validTo: 2000 };
    },
    open: async () => expect.fail('nothing is signed here'),
  };
  return {
    state,
    looks: () => looks,
    write: (next: string | AppError, digest: string | undefined) => {
      content = next;
      state.setDigest(path, digest?.repeat(64));
    },
    principal: () => certificatePrincipal(hop, owner, { certificates, state }),
    known: () => knownCertificate(hop, state)?.principal,
  };
}

const alice = 'certificate of CN=alice/rolekeeper-alice';

describe('the owner of a certificate', () => {
  it('is looked up once for a content, and then remembered with its dates', async () => {
    const { write, principal, known, looks, state } = world();
    write('CN=alice', 'a');
    expect(known()).toBeUndefined();
    expect(await principal()).toBe(alice);
    expect(await principal()).toBe(alice);
    expect(known()).toBe(alice);
    expect(knownCertificate(hop, state)).toMatchObject({ validFrom: 1000, validTo: 2000 });
    expect(looks()).toBe(1);
  });

  it('is nobody known while a new content was not looked at, and then its own', async () => {
    const { write, principal, known, state } = world();
    write('CN=alice', 'a');
    await principal();
    write('CN=bob', 'b');
    expect(known()).toBeUndefined();
    // Work in the background goes on, and looks for itself.
    expect(lastCertificate(hop, state)?.principal).toBe(alice);
    expect(await principal()).toBe('certificate of CN=bob/rolekeeper-alice');
    write('CN=alice', 'c');
    expect(await principal()).toBe(alice);
  });

  it('is the last one while the file cannot be read, or only half of it is there', async () => {
    const { write, principal, known } = world();
    write('CN=alice', 'a');
    await principal();
    write(broken, undefined);
    expect(known()).toBe(alice);
    write(broken, 'b');
    expect(known()).toBeUndefined();
    expect(await principal()).toBe(alice);
  });

  it('is unknown where nobody ever saw it, and where a passphrase does not open it', async () => {
    const { write, principal } = world();
    write(broken, undefined);
    await expect(principal()).rejects.toBe(broken);
    write('CN=alice', 'a');
    await principal();
    write(locked, 'b');
    await expect(principal()).rejects.toBe(locked);
  });

  it('is looked up each time where the state cannot be written', async () => {
    const { write, principal, looks, state } = world();
    write('CN=alice', 'a');
    state.fillDisk();
    expect(await principal()).toBe(alice);
    expect(await principal()).toBe(alice);
    expect(looks()).toBe(2);
  });
});
