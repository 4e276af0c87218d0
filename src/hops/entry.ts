// The first hop of a recipe that does not start from keys: hands it to the file of its kind, which is loaded only then.

import type { ProfileName } from '../config/names.ts';
import type { EntryStep } from '../config/recipe.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { AppError } from '../errors.ts';
import type { Programs } from '../ports/programs.ts';
import type { Sts, StsCall } from '../ports/sts.ts';
import type { Clock } from '../ports/time.ts';

/** What the ways in need of the outside. */
export interface EntryPorts {
  readonly clock: Clock;
  readonly sts: Sts;
  /** The AWS CLI's cache of console sign-ins: the text of one file. Undefined where there is none. Never written. */
  readonly readLoginCache: (fileName: string) => string | undefined;
  /** Absent in the agent: what a person's configuration runs has no business in its sandbox (decisions.md 21). */
  readonly programs?: Programs;
}

/** How a way in reaches AWS: nothing signs for it. */
export interface EntryCall extends Omit<StsCall, 'caller' | 'endpoint'> {
  /** Whose settings name the way in; for messages, and for the mark of programs that it runs. */
  readonly profile: ProfileName;
}

/** Throws what the ports throw, and `login-needed` where only a person can go on. */
export async function requestEntry(step: EntryStep, call: EntryCall, ports: EntryPorts): Promise<Credentials> {
  const { hop } = step;
  switch (hop.kind) {
    case 'process':
      return (await import('./process.ts')).requestProcess(hop, call, ports);
    case 'console':
      return (await import('./console.ts')).requestConsole(hop, call, ports);
    case 'identity-center':
    case 'web-identity':
    case 'machine':
    case 'saml':
    case 'certificate':
      throw new AppError('unexpected', { problem: `this version cannot start from ${hop.kind}` });
    default:
      return hop satisfies never;
  }
}
