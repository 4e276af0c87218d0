// What the ways in need of the outside, for tests of recipes that start from keys: whoever asks it for something has gone astray.

import type { EntryPorts } from '../../src/hops/entry.ts';

export function noEntryPorts(): Pick<EntryPorts, 'certificates' | 'rolesAnywhere'> {
  const unexpected = async () => {
    throw new Error('this recipe starts from keys');
  };
  return { certificates: { read: unexpected, open: unexpected }, rolesAnywhere: { createSession: unexpected } };
}
