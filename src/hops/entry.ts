// The first hop of a recipe that does not start from keys: hands it to the file of its kind, which is loaded only then.

import type { ProfileName } from '../config/names.ts';
import type { EntryStep } from '../config/recipe.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { IdentityCenter } from '../ports/identity-center.ts';
import type { LinkReply, LinkRequest } from '../ports/link.ts';
import type { Programs } from '../ports/programs.ts';
import type { SmallFile } from '../ports/small-file.ts';
import type { Sts, StsCall } from '../ports/sts.ts';
import type { Clock } from '../ports/time.ts';
import type { CertificatePorts } from './certificate.ts';

/** What the ways in need of the outside. */
export interface EntryPorts extends CertificatePorts {
  readonly clock: Clock;
  readonly sts: Sts;
  /** The AWS CLI's cache of console sign-ins: the text of one file. Undefined where there is none. Never written. */
  readonly readLoginCache: (fileName: string) => string | undefined;
  readonly openIdentityCenter: () => Promise<IdentityCenter>;
  /** Absent in the agent: what a person's configuration runs has no business in its sandbox (decisions.md 21). */
  readonly programs?: Programs;
  readonly readSmallFile: (path: string) => Promise<SmallFile>;
  /** Ends within a second. Throws the signal's reason, and nothing else. */
  readonly askLink: (request: LinkRequest) => Promise<LinkReply>;
}

/** How a way in reaches AWS: nothing signs for it. */
export interface EntryCall extends Omit<StsCall, 'caller' | 'endpoint'> {
  /** Whose settings name the way in; for messages, and for the mark of programs that it runs. */
  readonly profile: ProfileName;
}

/** Throws what the ports throw, and `login-needed` where only a person can go on. */
export async function requestEntry(step: EntryStep, call: EntryCall, ports: EntryPorts): Promise<Credentials> {
  const { hop, defaultSessionName } = step;
  switch (hop.kind) {
    case 'process':
      return (await import('./process.ts')).requestProcess(hop, call, ports);
    case 'console':
      return (await import('./console.ts')).requestConsole(hop, call, ports);
    case 'identity-center': {
      const { requestIdentityCenter } = await import('./identity-center.ts');
      return await requestIdentityCenter(hop, call, await ports.openIdentityCenter());
    }
    case 'web-identity':
      return (await import('./web-identity.ts')).requestWebIdentity(hop, call, { ...ports, defaultSessionName });
    case 'machine':
      return (await import('./machine.ts')).requestMachine(hop, call, ports);
    case 'saml':
      return (await import('./saml.ts')).requestSaml(hop, call, ports);
    case 'certificate':
      return await (await import('./certificate.ts')).requestCertificate({ ...step, hop }, call, ports);
    default:
      return hop satisfies never;
  }
}
