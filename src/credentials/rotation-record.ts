// What is kept of a rotation under way: its written form. Pure; holds no secret.

import { AppError } from '../errors.ts';
import { type EpochMs, isEpochMs } from './credentials.ts';
import { parseJson } from './json.ts';

export interface RotationRecord {
  /** The access key that is being replaced. */
  readonly oldAccessKeyId: string;
  /** Just before the new one was asked for. */
  readonly startedAt: EpochMs;
  /** Noted just before the old key is made inactive: from then on it may be deleted. */
  readonly deleteAt?: EpochMs;
  /** When the background last set out to delete it. */
  readonly triedAt?: EpochMs;
}

const version = 1;

export function printRotationRecord({ oldAccessKeyId, startedAt, deleteAt, triedAt }: RotationRecord): string {
  return `${JSON.stringify({ v: version, oldAccessKeyId, startedAt, deleteAt, triedAt })}\n`;
}

/** Undefined for what is no record. `what` names it in the error `format-newer`. */
export function parseRotationRecord(text: string, what: string): RotationRecord | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || !('v' in value)) return undefined;
  if (typeof value.v === 'number' && value.v > version) throw new AppError('format-newer', { what, version: value.v });
  if (!('oldAccessKeyId' in value && 'startedAt' in value)) return undefined;
  const { oldAccessKeyId, startedAt } = value;
  if (typeof oldAccessKeyId !== 'string' || !isEpochMs(startedAt)) return undefined;
  const deleteAt = 'deleteAt' in value ? value.deleteAt : undefined;
  const triedAt = 'triedAt' in value ? value.triedAt : undefined;
  return {
    oldAccessKeyId,
    startedAt,
    ...(isEpochMs(deleteAt) ? { deleteAt } : {}),
    ...(isEpochMs(triedAt) ? { triedAt } : {}),
  };
}
