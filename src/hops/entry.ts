// The first hop of a recipe that does not start from keys: hands it to the file of its kind, which is loaded only then.

import type { EntryStep } from '../config/recipe.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { AppError } from '../errors.ts';
import type { Sts, StsCall } from '../ports/sts.ts';
import type { CertificatePorts } from './certificate.ts';

/** What the ways in need of the outside. */
export interface EntryPorts extends CertificatePorts {
  readonly sts: Sts;
}

/** How a way in reaches AWS: nothing signs for it. */
export type EntryCall = Omit<StsCall, 'caller' | 'endpoint'>;

/** Throws what the ports throw, and `login-needed` where only a person can go on. */
export async function requestEntry(step: EntryStep, call: EntryCall, ports: EntryPorts): Promise<Credentials> {
  const { hop } = step;
  switch (hop.kind) {
    case 'identity-center':
    case 'web-identity':
    case 'machine':
    case 'process':
    case 'console':
    case 'saml':
      throw new AppError('unexpected', { problem: `this version cannot start from ${hop.kind}` });
    case 'certificate':
      return await (await import('./certificate.ts')).requestCertificate({ ...step, hop }, call, ports);
    default:
      return hop satisfies never;
  }
}
