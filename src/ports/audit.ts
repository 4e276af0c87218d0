// The audit trail: who was given which credentials. Types only.

import type { EpochMs } from '../credentials/credentials.ts';

/** One answer. Never holds a secret. */
export interface AuditEntry {
  readonly at: EpochMs;
  readonly verb: 'get' | 'exec' | 'env';
  readonly profile: string;
  /** `cached`: nobody waited for AWS. */
  readonly outcome: 'cached' | 'refreshed' | 'failed';
  /** The last four characters of the access key's id; absent where nothing was given. */
  readonly keySuffix?: string;
  /** Of the failure. */
  readonly code?: string;
  readonly answeredBy: 'agent' | 'process';
  readonly caller: AuditCaller;
}

export interface AuditCaller {
  readonly pid?: number;
  /** As the system names it; absent where the system does not say. */
  readonly program?: string;
  /** True where the front said so: the agent cannot see for itself. */
  readonly isClaimed: boolean;
}

/** What an answer is to whoever gives it; who asked, and when, is added. */
export type AuditedAnswer = Pick<AuditEntry, 'verb' | 'profile' | 'outcome' | 'keySuffix' | 'code'>;

export interface AuditTrail {
  /** Never throws: an answer does not depend on it. */
  record(entry: AuditEntry): void;
}

/** For whoever reads it. */
export interface AuditLog {
  /** Oldest first; what is no entry is passed over. Throws `config-unreadable`. */
  read(): readonly AuditEntry[];
  /** What was added since the last look, or since `read`. */
  readNew(): readonly AuditEntry[];
}
