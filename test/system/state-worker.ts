// Writes state as it is told, in a process of its own: `state-worker.mjs DIRECTORY NUMBER TIMES`. Says how it ended in one JSON line.

import process from 'node:process';
import { keyIdOf, parseProfileName } from '../../src/config/names.ts';
import { AppError } from '../../src/errors.ts';
import { createSilentLog } from '../../src/system/log.ts';
import { createState } from '../../src/system/state-file.ts';

const [base = '', number = '', times = '1'] = process.argv.slice(2);
const state = createState({ base, machine: 'machine', owner: { uid: process.getuid?.(), home: base }, log: createSilentLog() });

try {
  for (let count = 1; count <= Number(times); count += 1) {
    const profile = parseProfileName(`p${'x'.repeat((count * 37) % 200)}`);
    state.publish({
      id: keyIdOf({ number: Number(number) }),
      kind: 'role',
      profile,
      issuedAt: process.pid,
      expiresAt: process.pid + count,
    });
  }
  process.stdout.write(JSON.stringify({ ended: 'well' }));
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  process.stdout.write(JSON.stringify({ ended: error.code, details: error.details }));
}
