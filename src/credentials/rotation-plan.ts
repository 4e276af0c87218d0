// Where a rotation of access keys stands, and what comes next. Knows no clock, no store, no IAM: everything arrives as an argument.
// The store decides, since it has the secrets; the record only adds what the store cannot know.

import type { ListedKey } from '../ports/iam.ts';
import type { EpochMs } from './credentials.ts';
import type { RotationRecord } from './rotation-record.ts';

export interface RotationScene {
  /** The key that the store gives to everybody. */
  readonly currentId: string;
  /** A new key that the store has beside it, not yet in use. */
  readonly freshId: string | undefined;
  /** The key before the current one, still in the store. */
  readonly formerId: string | undefined;
  readonly record: RotationRecord | undefined;
  /** What IAM has. */
  readonly listed: readonly ListedKey[];
}

export type RotationPlan =
  /** Nothing is under way. `orphanId`: a key that an interrupted rotation made, and whose secret nobody has. */
  | { readonly kind: 'begin'; readonly oldId: string; readonly orphanId?: string }
  /** The new key is in the store and has to prove itself. */
  | { readonly kind: 'verify'; readonly oldId: string; readonly newId: string }
  /** The new key is in use, and the old one still works. */
  | { readonly kind: 'deactivate'; readonly oldId: string; readonly newId: string }
  /** The old key is inactive. Undefined: since when, nobody knows. */
  | { readonly kind: 'grace'; readonly oldId: string; readonly newId: string; readonly deleteAt: EpochMs | undefined }
  /** Somebody took the key in use away in IAM, and gave the old one back: it is in the store still. */
  | { readonly kind: 'restore'; readonly oldId: string; readonly newId: string }
  /** Neither the key in use nor the one before it works. */
  | { readonly kind: 'no-key'; readonly currentId: string }
  /** The user has a second key that is none of our doing: no room for a third. */
  | { readonly kind: 'two-keys'; readonly currentId: string; readonly keys: readonly ListedKey[] };

export function planRotation(scene: RotationScene): RotationPlan {
  const { currentId, freshId, formerId, listed } = scene;
  if (freshId !== undefined && freshId !== currentId) return { kind: 'verify', oldId: currentId, newId: freshId };
  if (formerId !== undefined && formerId !== currentId) return planOfFormer(formerId, scene);
  // A session with MFA outlives the key that it was asked with, which another machine may have rotated.
  if (!isActive(currentId, listed)) return { kind: 'no-key', currentId };
  const others = listed.filter(({ accessKeyId }) => accessKeyId !== currentId);
  const [other] = others;
  if (other === undefined) return { kind: 'begin', oldId: currentId };
  if (others.length === 1 && isOrphan(other, scene)) return { kind: 'begin', oldId: currentId, orphanId: other.accessKeyId };
  return { kind: 'two-keys', currentId, keys: listed };
}

function planOfFormer(oldId: string, { currentId, record, listed }: RotationScene): RotationPlan {
  const former = listed.find(({ accessKeyId }) => accessKeyId === oldId);
  if (!isActive(currentId, listed)) {
    return former?.isActive === true ? { kind: 'restore', oldId, newId: currentId } : { kind: 'no-key', currentId };
  }
  if (former?.isActive === true) return { kind: 'deactivate', oldId, newId: currentId };
  const noted = record?.oldAccessKeyId === oldId ? record.deleteAt : undefined;
  // One that IAM has no more is in the store only because the last rotation did not get to its last step.
  return { kind: 'grace', oldId, newId: currentId, deleteAt: former === undefined ? 0 : noted };
}

function isActive(id: string, listed: readonly ListedKey[]): boolean {
  return listed.some((key) => key.accessKeyId === id && key.isActive);
}

/** How far from the record's time IAM may say that the key was made. A key that somebody else made later must not be taken for ours. */
const beforeMs = 60_000;
const afterMs = 120_000;

function isOrphan({ createdAt }: ListedKey, { currentId, record }: RotationScene): boolean {
  if (record === undefined || record.oldAccessKeyId !== currentId || record.deleteAt !== undefined) return false;
  if (createdAt === undefined) return false;
  return createdAt >= record.startedAt - beforeMs && createdAt <= record.startedAt + afterMs;
}
