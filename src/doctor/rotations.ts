// Rotations of access keys that somebody has to look after. Pure.

import type { ProfileName } from '../config/names.ts';
import type { EpochMs } from '../credentials/credentials.ts';
import type { RotationRecord } from '../credentials/rotation-record.ts';
import { shellWord } from '../shell-word.ts';
import type { Finding } from './finding.ts';

export interface RotationLook {
  /** One that starts from the keys. */
  readonly profile: ProfileName;
  readonly keys: ProfileName;
  readonly record: RotationRecord | undefined;
}

/** Longer than one that is under way takes. */
const longestMs = 3_600_000;
/** The agent deletes within minutes, or within an hour of a refusal; a machine may have been off. */
const patienceMs = 24 * 3_600_000;

export function checkRotation({ profile, keys, record }: RotationLook, now: EpochMs): readonly Finding[] {
  if (record === undefined) return [];
  const check = 'rotations';
  const { oldAccessKeyId, startedAt, deleteAt } = record;
  if (deleteAt === undefined && now - startedAt > longestMs) {
    const what = `a rotation of the keys "${keys}" was interrupted`;
    const why = 'the user may have two keys that work, and IAM allows no third';
    return [{ check, profile, what, why, mend: `rolekeeper rotate ${shellWord(profile)}` }];
  }
  if (deleteAt === undefined || now - deleteAt < patienceMs) return [];
  return [
    {
      check,
      profile,
      what: `the old key ${oldAccessKeyId} of "${keys}" should be deleted by now`,
      why: 'it is in the way of the next rotation; without an agent or a timer nothing deletes it, and AWS may have refused',
      mend: `rolekeeper rotate ${shellWord(profile)} --finish`,
    },
  ];
}
