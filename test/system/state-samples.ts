// Records for the tests of the state.

import fc from 'fast-check';
import { type KeyId, keyIdOf, parseProfileName } from '../../src/config/names.ts';
import { lastTime } from '../../src/credentials/credentials.ts';
import { AppError } from '../../src/errors.ts';
import type { StateRecord } from '../../src/ports/state.ts';

export function sampleId(number = 0): KeyId {
  return keyIdOf({ number });
}

export const sampleError = new AppError('aws-refused', {
  doing: 'assume the role',
  awsCode: 'AccessDenied',
  words: 'no',
  hint: 'ask',
  more: ['{"Effect":"Allow"}'],
  isTransient: false,
}).toStored();

export const sampleRecord: StateRecord = {
  id: sampleId(),
  kind: 'role',
  profile: parseProfileName('dev'),
  issuedAt: 1_767_000_000_000,
  expiresAt: 1_767_003_600_000,
  failure: { error: sampleError, at: 1_767_000_100_000, count: 2, retryAt: 1_767_000_160_000 },
};

const times = fc.integer({ min: 1, max: lastTime });
const words = fc.string({ unit: 'binary' });

/** Everything a record may be. */
export const records: fc.Arbitrary<StateRecord> = fc.record(
  {
    id: fc.integer().map(sampleId),
    kind: fc.constantFrom('session', 'role'),
    profile: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter(isName).map(parseProfileName),
    issuedAt: times,
    expiresAt: times,
    failure: fc.record({
      error: fc.record({ endpoint: words, problem: words }).map((details) => new AppError('network', details).toStored()),
      at: times,
      count: fc.integer({ min: 1, max: 1_000_000 }),
      retryAt: times,
    }),
  },
  { requiredKeys: ['id', 'kind', 'profile'] },
);

function isName(text: string): boolean {
  return !/[\p{Cc}\p{Cs}\]]/u.test(text) && text.trim() === text && !text.startsWith('-');
}
