// Replaces a file as it is told, in a process of its own: `replace-worker.mjs PATH TEXT TIMES`. Says how it ended in one JSON line.
// Each time it adds TEXT to what it has read, so that no writer's line may be lost but those that were refused.

import process from 'node:process';
import { AppError } from '../../src/errors.ts';
import { createTextFiles } from '../../src/system/text-files.ts';

const [path = '', text = '', times = '1'] = process.argv.slice(2);
const files = createTextFiles();
const said: unknown[] = [];
for (let count = 0; count < Number(times); count += 1) {
  try {
    const before = files.read(path);
    files.replace(path, before, `${before ?? ''}${text}`);
    said.push('written');
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    said.push({ code: error.code, details: error.details });
  }
}
process.stdout.write(JSON.stringify(said));
