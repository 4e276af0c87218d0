import { openMemoryStore } from '../../src/stores/memory.ts';
import { describeStoreContract } from './contract.ts';

describeStoreContract(
  'memory',
  async () => {
    const store = openMemoryStore();
    return { open: () => store, lock: () => store.lock(), unlock: () => store.unlock(), stop: () => store.close() };
  },
  { readers: 0, writers: 0, isLockable: true, largestBytes: 1024 * 1024 },
);
