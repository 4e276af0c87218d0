// The first hop of a recipe that does not start from keys: hands it to the file of its kind, which is loaded only then.

import type { EntryStep } from '../config/recipe.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { AppError } from '../errors.ts';
import type { IdentityCenter } from '../ports/identity-center.ts';
import type { Sts, StsCall } from '../ports/sts.ts';

/** What the ways in need of the outside. */
export interface EntryPorts {
  readonly sts: Sts;
  readonly openIdentityCenter: () => Promise<IdentityCenter>;
}

/** How a way in reaches AWS: nothing signs for it. */
export type EntryCall = Omit<StsCall, 'caller' | 'endpoint'>;

/** Throws what the ports throw, and `login-needed` where only a person can go on. */
export async function requestEntry(step: EntryStep, call: EntryCall, ports: EntryPorts): Promise<Credentials> {
  const { hop } = step;
  switch (hop.kind) {
    case 'identity-center': {
      const { requestIdentityCenter } = await import('./identity-center.ts');
      return await requestIdentityCenter(hop, call, await ports.openIdentityCenter());
    }
    case 'web-identity':
    case 'machine':
    case 'process':
    case 'console':
    case 'saml':
    case 'certificate':
      throw new AppError('unexpected', { problem: `this version cannot start from ${hop.kind}` });
    default:
      return hop satisfies never;
  }
}
