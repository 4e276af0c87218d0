// Hands out what runs a person's programs, to the ways in that need one. The agent has none: it leaves that to a process outside its sandbox.

import { AppError } from '../errors.ts';
import type { ProgramRun, Programs } from '../ports/programs.ts';
import type { EntryPorts } from './entry.ts';

/** Throws `program-needed` in the agent: whoever asked it goes on in a process of its own (decisions.md 21). */
export function programsFor(
  { setting, profile }: Pick<ProgramRun, 'setting' | 'profile'>,
  { programs }: Pick<EntryPorts, 'programs'>,
): Programs {
  if (programs === undefined) throw new AppError('program-needed', { setting, profile });
  return programs;
}
