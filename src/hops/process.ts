// Credentials that another program's credential_process prints: run outside the agent, within a deadline, and taken to the letter.

import type { ProcessHop } from '../config/entry-hop.ts';
import type { Credentials, EpochMs } from '../credentials/credentials.ts';
import { type ForeignDocument, parseForeignDocument } from '../credentials/foreign-document.ts';
import { isValid } from '../credentials/plan.ts';
import { AppError } from '../errors.ts';
import type { EntryCall, EntryPorts } from './entry.ts';
import { programsFor } from './programs.ts';

/** As long as the most patient SDK waits (sdk-contract.md 9). A caller of `get` gives up sooner, and ends it. */
const waitMs = 60_000;
/** The strictest SDK's limit (sdk-contract.md 1). */
const longestOutput = 64_000;
/**
 * Those that do not say when they end are asked for again: what is kept longer than this would be given to callers long after the other
 * program has taken to new ones.
 */
const unendingMs = 60 * 60_000;

const setting = 'credential_process';
const wanted = 'credentials';

/** Throws `program-failed` and `program-needed`. */
export async function requestProcess(
  { command }: ProcessHop,
  { profile, signal }: EntryCall,
  ports: Pick<EntryPorts, 'clock' | 'programs'>,
): Promise<Credentials> {
  const programs = programsFor({ setting, profile }, ports);
  const run = { command, setting, wanted, profile, waitMs, longestOutput, showsStderr: false } as const;
  const output = await programs.output({ ...run, ...(signal === undefined ? {} : { signal }) });
  return credentialsOf(output, { setting, profile, now: ports.clock.now() });
}

export interface Printed {
  /** Whose command it is; for messages. */
  readonly setting: string;
  readonly profile: string;
  readonly now: EpochMs;
}

/** Throws `program-failed`. */
export function credentialsOf(output: string, { now, ...command }: Printed): Credentials {
  const parsed = parseForeignDocument(output);
  if (parsed.kind === 'broken') throw new AppError('program-failed', { ...command, wanted, problem: parsed.problem });
  const credentials = living(parsed.value, now);
  if (!isValid(credentials, now)) {
    throw new AppError('program-failed', { ...command, wanted, problem: 'what it printed has ended already' });
  }
  return credentials;
}

function living({ expiresAt, ...document }: ForeignDocument, now: EpochMs): Credentials {
  return { ...document, issuedAt: now, expiresAt: expiresAt ?? now + unendingMs };
}
