// The outside of the ways in, where a test has none of it: no file is there, and nobody is to be asked.

import type { EntryPorts } from '../../src/hops/entry.ts';

export const noEntryPorts: Pick<
  EntryPorts,
  'readSmallFile' | 'askLink' | 'certificates' | 'rolesAnywhere' | 'openIdentityCenter'
> = {
  readSmallFile: async () => ({ kind: 'problem', problem: 'there is no such file' }),
  askLink: async ({ url }) => {
    throw new Error(`nothing was to ask ${url}`);
  },
  openIdentityCenter: () => Promise.reject(new Error('this test knows no IAM Identity Center')),
  certificates: { read: unexpected, open: unexpected },
  rolesAnywhere: { createSession: unexpected },
};

async function unexpected(): Promise<never> {
  throw new Error('this recipe has no certificate');
}
