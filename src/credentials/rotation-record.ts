// What is kept of a rotation under way: its written form. Pure; holds no secret.

import { AppError } from '../errors.ts';
import { type EpochMs, isEpochMs } from './credentials.ts';
import { isFields, parseJson } from './json.ts';

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
  if (!isFields(value)) return undefined;
  const { v, oldAccessKeyId, startedAt, deleteAt, triedAt } = value;
  if (typeof v === 'number' && v > version) throw new AppError('format-newer', { what, version: v });
  if (v !== version || typeof oldAccessKeyId !== 'string' || !isEpochMs(startedAt)) return undefined;
  return {
    oldAccessKeyId,
    startedAt,
    ...(isEpochMs(deleteAt) ? { deleteAt } : {}),
    ...(isEpochMs(triedAt) ? { triedAt } : {}),
  };
}
