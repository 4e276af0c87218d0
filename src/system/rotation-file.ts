// Keeps, in the state directory, how far the rotation of some keys has come. Never holds a secret.

import { readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../credentials/digest.ts';
import { parseRotationRecord, printRotationRecord, type RotationRecord } from '../credentials/rotation-record.ts';
import { AppError } from '../errors.ts';
import type { RotationRecords } from '../ports.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { errorCode, problemWords } from './problem-words.ts';
import { writeWholeFile } from './whole-file.ts';

export interface RotationPlace {
  readonly base: string;
  readonly machine: string;
  readonly owner: Owner;
}

export function createRotationRecords({ base, machine, owner }: RotationPlace): RotationRecords {
  const pathOf = (keys: string) => join(base, machine, `rotation-${sha256Hex(keys).slice(0, 16)}.json`);
  return {
    read: (keys) => readRecord(pathOf(keys)),
    keep: (keys, record) => {
      ensurePrivateDirectory({ base, below: [machine], owner });
      writeWholeFile(pathOf(keys), printRotationRecord(record));
    },
    forget: (keys) => remove(pathOf(keys)),
  };
}

function readRecord(path: string): RotationRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new AppError('config-unreadable', { path, problem: problemWords(error) }, error);
  }
  return parseRotationRecord(text, path);
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
  }
}
