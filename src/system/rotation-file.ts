// Keeps, in the state directory, how far the rotation of some keys has come. Never holds a secret.

import { join } from 'node:path';
import { sha256Hex } from '../credentials/digest.ts';
import { parseRotationRecord, printRotationRecord, type RotationRecord } from '../credentials/rotation-record.ts';
import type { RotationRecords } from '../ports/iam.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { readKeptText, removeKeptText } from './kept-text.ts';
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
    forget: (keys) => removeKeptText(pathOf(keys)),
  };
}

function readRecord(path: string): RotationRecord | undefined {
  const text = readKeptText(path);
  return text === undefined ? undefined : parseRotationRecord(text, path);
}
