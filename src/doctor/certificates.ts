// What keeps a certificate from signing, now or soon. Pure.

import { type CertificateLife, stageOf } from '../credentials/certificate-life.ts';
import { type EpochMs, isoSeconds } from '../credentials/credentials.ts';
import type { AppError } from '../errors.ts';
import { commandsIn, type Finding } from './finding.ts';

export interface CertificateSeen {
  readonly profile: string;
  readonly path: string;
  readonly subject: string;
  readonly life: CertificateLife;
}

const check = 'certificates';

export function checkCertificate({ profile, path, subject, life }: CertificateSeen, now: EpochMs): readonly Finding[] {
  const stage = stageOf(life, now);
  if (stage === 'long') return [];
  return [
    {
      check,
      profile,
      what: `the certificate of ${subject} ${stage === 'ended' ? 'ended' : 'ends'} at ${isoSeconds(life.validTo)}`,
      why: 'after its end AWS gives nothing for it',
      mend: `put a renewed one there: ${path}`,
    },
  ];
}

/** A certificate or a key that cannot be used at all. */
export function unusableCertificate(profile: string, { message, hint = message }: AppError): Finding {
  return { check, profile, what: message, why: 'no credentials can be made for it', mend: commandsIn(hint)[0] ?? hint };
}
