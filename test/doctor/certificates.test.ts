import { describe, expect, it } from 'vitest';
import { checkCertificate, unusableCertificate } from '../../src/doctor/certificates.ts';
import { AppError } from '../../src/errors.ts';

const day = 86_400_000;

describe('doctor', () => {
  const seen = { profile: 'dev', path: '~/c.pem', subject: 'CN=alice' };

  it('says when a certificate ends, and where to put the next', () => {
    const now = Date.parse('2026-01-02T03:04:05Z');
    const life = { validFrom: now - 100 * day, validTo: now + day };
    expect(checkCertificate({ ...seen, life }, now)).toMatchObject([
      { what: 'the certificate of CN=alice ends at 2026-01-03T03:04:05Z', mend: 'put a renewed one there: ~/c.pem' },
    ]);
    expect(checkCertificate({ ...seen, life }, now + 2 * day)[0]?.what).toContain('ended at');
    expect(checkCertificate({ ...seen, life: { ...life, validTo: now + 99 * day } }, now)).toEqual([]);
  });

  it('has the command out of the hint of an error', () => {
    const error = new AppError('certificate-unusable', {
      path: '/k',
      problem: 'it is encrypted',
      hint: 'run `rolekeeper passphrase dev`',
    });
    expect(unusableCertificate('dev', error)).toMatchObject({ what: '/k: it is encrypted', mend: 'rolekeeper passphrase dev' });
  });
});
