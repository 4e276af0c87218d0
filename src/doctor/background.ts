// What is off with store, agent, its socket and the service, out of what `status` knows of them. Pure.

import { shellWord } from '../shell-word.ts';
import { type CheckName, commandIn, type Finding } from './finding.ts';

interface Trouble {
  readonly problem?: string;
  readonly hint?: string;
}

const why = {
  store: 'without the store nothing can be kept: what the agent has in memory is all there is',
  agent: 'without it each `get` starts a process of its own, and nothing is refreshed ahead of time',
  service: 'credentials are then refreshed only when a program asks',
} as const;

/** Undefined hints become a look at the status. */
export function checkTrouble(check: CheckName & keyof typeof why, { problem, hint }: Trouble): readonly Finding[] {
  if (problem === undefined) return [];
  return [
    { check, what: `${check}: ${problem}`, why: why[check], mend: hint === undefined ? 'rolekeeper status' : commandIn(hint) },
  ];
}

export interface SocketLook {
  readonly path: string;
  readonly directory: string;
  readonly isThere: boolean;
  readonly isOwn: boolean;
}

/** The agent's socket must be the user's, in a directory that nobody else can enter: else nothing is said to it. */
export function checkSocket({ path, directory, isThere, isOwn }: SocketLook): readonly Finding[] {
  if (!isThere || isOwn) return [];
  return [
    {
      check: 'agent',
      what: `${path} is another user's, or lies in a directory that others can enter`,
      why: 'nothing is asked of an agent that somebody else may have started; every `get` takes the slow way',
      mend: `chmod 700 ${shellWord(directory)} && rolekeeper agent restart`,
    },
  ];
}
