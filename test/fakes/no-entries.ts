// The ways in that a test does not use: whoever asks for one finds out.

import type { EntryPorts } from '../../src/hops/entry.ts';

export const noEntries: Omit<EntryPorts, 'sts'> = {
  openIdentityCenter: () => Promise.reject(new Error('this test knows no IAM Identity Center')),
};
