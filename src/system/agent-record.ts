// Which process is the agent, and where it listens: for those who cannot reach it where they look. Beside the agent's lock, which says
// whether it lives. Never holds a secret.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { writeWholeFile } from './whole-file.ts';

export interface AgentRecord {
  readonly pid: number;
  readonly socketPath: string;
}

export interface AgentRecordPlace {
  readonly base: string;
  readonly machine: string;
  readonly owner: Owner;
}

const fileName = 'agent.json';

/** Throws `state-unwritable`, `foreign-owner`. */
export function writeAgentRecord({ pid, socketPath }: AgentRecord, { base, machine, owner }: AgentRecordPlace): void {
  const directory = ensurePrivateDirectory({ base, below: [machine], owner });
  writeWholeFile(join(directory, fileName), `${JSON.stringify({ v: 1, pid, socketPath })}\n`);
}

/** Of the agent that runs, or of the last one. Undefined where none was ever written down. */
export function readAgentRecord({ base, machine }: Omit<AgentRecordPlace, 'owner'>): AgentRecord | undefined {
  try {
    const fields: unknown = JSON.parse(readFileSync(join(base, machine, fileName), 'utf8'));
    if (typeof fields !== 'object' || fields === null || !('pid' in fields && 'socketPath' in fields)) return undefined;
    const { pid, socketPath } = fields;
    return typeof pid === 'number' && typeof socketPath === 'string' ? { pid, socketPath } : undefined;
  } catch {
    return undefined; // absent or broken: then nobody knows
  }
}
