// The document in which a machine's or container's service hands out credentials: whatever answers at its address has written it.

import { readMachineDocument } from '../../../src/credentials/machine-document.ts';
import { must, pureTarget } from '../target.ts';

const now = Date.UTC(2026, 0, 2);

export const machineDocumentTarget = pureTarget({
  name: 'machine-document',
  tokens: [
    '"AccessKeyId"',
    '"SecretAccessKey"',
    '"Token"',
    '"Expiration"',
    '"Code"',
    '"Success"',
    ':',
    ',',
    '{',
    '}',
    '""',
    'null',
    '[]',
    '2030',
    '2001',
  ],
  endings: ['credentials', 'problem'],
  check: (input) => {
    const read = readMachineDocument(input.toString('utf8'), { now, sent: [] });
    if (read.kind !== 'ok') {
      must(read.problem.length < 200, 'a problem is short');
      return 'problem';
    }
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt, accountId = '123456789012' } = read.credentials;
    must(accessKeyId !== '' && secretAccessKey.reveal() !== '' && (sessionToken?.reveal() ?? '') !== '', 'credentials are whole');
    must(Number.isFinite(expiresAt) && expiresAt > now, 'credentials have not ended');
    must(/^\d{12}$/.test(accountId), 'an account is twelve digits');
    return 'credentials';
  },
});
