// Reads what is known of each hop's credentials. On the hot path: few system calls, nothing third-party, and nothing is created or moved.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isKeyId, type KeyId, type ProfileName, parseProfileName } from '../config/names.ts';
import { isEpochMs } from '../credentials/credentials.ts';
import { isFields, parseJson } from '../credentials/json.ts';
import { isAppError, recallError } from '../errors.ts';
import type { StateFailure, StateRecord } from '../ports/state.ts';

/** What a state file turned out to be. `unreadable` is a file that is there and that the system will not let us read. */
export type StateFile<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'broken' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'newer'; readonly version: number };

/** The format that this version reads and writes. A newer one is neither guessed at nor overwritten (decisions.md 14). */
export const stateFormat = 1;

export function recordPath(directory: string, id: KeyId): string {
  return join(directory, `${id}.json`);
}

export function principalsPath(directory: string): string {
  return join(directory, 'principals.json');
}

/** Undefined for whatever is not a whole record of our format: the store then has the last word. Never throws. */
export function readRecord(directory: string, id: KeyId): StateRecord | undefined {
  return readable(readRecordFile(directory, id));
}

/** All records that can be read, in no order. Empty where there is no state yet. */
export function listRecords(directory: string): readonly StateRecord[] {
  return namesIn(directory).flatMap((name) => {
    const id = name.endsWith('.json') ? name.slice(0, -'.json'.length) : '';
    const record = isKeyId(id) ? readRecord(directory, id) : undefined;
    return record === undefined ? [] : [record];
  });
}

export function readRecordFile(directory: string, id: KeyId): StateFile<StateRecord> {
  return readStateFile(recordPath(directory, id), (fields) => parseRecord(fields, id));
}

/** The user ARNs by the name of their keys. */
export function readPrincipals(directory: string): StateFile<ReadonlyMap<string, string>> {
  return readStateFile(principalsPath(directory), parsePrincipals);
}

export function readable<T>(file: StateFile<T>): T | undefined {
  return file.kind === 'ok' ? file.value : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function readStateFile<T>(path: string, parse: (fields: Fields) => T | undefined): StateFile<T> {
  const text = readText(path);
  if (text.kind !== 'ok') return text;
  const fields = parseJson(text.value);
  if (!isFields(fields)) return { kind: 'broken' };
  const version = fields['v'];
  if (typeof version === 'number' && version > stateFormat) return { kind: 'newer', version };
  const value = version === stateFormat ? parse(fields) : undefined;
  return value === undefined ? { kind: 'broken' } : { kind: 'ok', value };
}

// A state file that cannot be read must not keep anybody from their credentials; whoever writes next says what is wrong.
function readText(path: string): StateFile<string> {
  try {
    return { kind: 'ok', value: readFileSync(path, 'utf8') };
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return { kind: isAbsent ? 'absent' : 'unreadable' };
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // no state yet, or none that we may see: the same to whoever lists it
  }
}

function parseRecord(fields: Fields, id: KeyId): StateRecord | undefined {
  const { kind, issuedAt, expiresAt } = fields;
  const profile = parseProfile(fields['profile']);
  const failure = fields['failure'] === undefined ? 'none' : parseFailure(fields['failure']);
  if (fields['id'] !== id || (kind !== 'session' && kind !== 'role' && kind !== 'sign-in') || profile === undefined)
    return undefined;
  if (!isTimeOrAbsent(issuedAt) || !isTimeOrAbsent(expiresAt) || failure === undefined) return undefined;
  return {
    id,
    kind,
    profile,
    ...(issuedAt === undefined ? {} : { issuedAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(fields['refreshesItself'] === true ? { refreshesItself: true } : {}),
    ...(failure === 'none' ? {} : { failure }),
  };
}

// A failure with a code that only another version knows is dropped alone: what the store has is still worth knowing.
function parseFailure(raw: unknown): StateFailure | 'none' | undefined {
  if (!isFields(raw) || !isFields(raw['error'])) return undefined;
  const { at, count, retryAt } = raw;
  if (!isEpochMs(at) || !isEpochMs(retryAt) || typeof count !== 'number' || !Number.isSafeInteger(count) || count < 1)
    return undefined;
  const error = recallError(raw['error']['code'], raw['error']['details']);
  return error === undefined ? 'none' : { error: error.toStored(), at, count, retryAt };
}

function parsePrincipals(fields: Fields): ReadonlyMap<string, string> | undefined {
  const { principals } = fields;
  if (!isFields(principals)) return undefined;
  return new Map(
    Object.entries(principals).flatMap(([keys, arn]) => (typeof arn === 'string' && arn !== '' ? [[keys, arn]] : [])),
  );
}

function parseProfile(raw: unknown): ProfileName | undefined {
  try {
    return typeof raw === 'string' ? parseProfileName(raw) : undefined;
  } catch (error) {
    if (isAppError(error, 'usage')) return undefined; // no AWS profile can be called that: the file is broken
    throw error;
  }
}

function isTimeOrAbsent(value: unknown): value is number | undefined {
  return value === undefined || isEpochMs(value);
}
