// The list of what install made, in the state directory: in its root, since the files lie in the home that machines may share.

import { readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import type { RecordedFile, ServiceRecord, ServiceRecords } from '../ports/service.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { errorCode, problemWords } from './problem-words.ts';
import { writeWholeFile } from './whole-file.ts';

const format = 1;

export function createServiceRecords({ base, owner }: { readonly base: string; readonly owner: Owner }): ServiceRecords {
  const path = join(base, 'service.json');
  return {
    path,
    read: () => readRecord(path),
    keep: (record) => {
      ensurePrivateDirectory({ base, below: [], owner });
      writeWholeFile(path, `${JSON.stringify({ v: format, ...record }, undefined, 1)}\n`);
    },
    forget: () => forget(path),
  };
}

function readRecord(path: string): ServiceRecord | undefined {
  try {
    return parseRecord(JSON.parse(readFileSync(path, 'utf8')), path);
  } catch (error) {
    // Broken is as good as none: files without a record are compared with what would be written, and asked about.
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    if (error instanceof AppError) throw error;
    throw new AppError('config-unreadable', { path, problem: problemWords(error) }, error);
  }
}

function parseRecord(value: unknown, path: string): ServiceRecord | undefined {
  if (typeof value !== 'object' || value === null || !('v' in value)) return undefined;
  if (typeof value.v === 'number' && value.v > format) throw new AppError('format-newer', { what: path, version: value.v });
  if (!('kind' in value && 'mode' in value && 'files' in value && 'directories' in value)) return undefined;
  const { kind, mode, files, directories } = value;
  if (typeof kind !== 'string' || typeof mode !== 'string') return undefined;
  if (!Array.isArray(files) || !files.every(isRecordedFile) || !isTexts(directories)) return undefined;
  const program = 'program' in value && isTexts(value.program) ? { program: value.program } : {};
  return { kind, mode, files, directories, ...program };
}

function isRecordedFile(value: unknown): value is RecordedFile {
  if (typeof value !== 'object' || value === null || !('path' in value && 'texts' in value)) return false;
  return typeof value.path === 'string' && isTexts(value.texts);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function forget(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
  }
}
