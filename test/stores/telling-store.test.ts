import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keysAccount, parseProfileName } from '../../src/config/names.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { tellingOfWaits } from '../../src/stores/telling-store.ts';
import { faultyStore } from '../fakes/faulty-store.ts';

const corp = keysAccount(parseProfileName('corp'));
const words = 'waiting for the memory, for 60 s at most: it may be asking for its password in a window';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

function open() {
  const store = faultyStore();
  const told: string[] = [];
  const named = { ...store, description: 'the memory' };
  return { store, told, telling: tellingOfWaits(named, { deadlineMs: 60_000, prompts: 'allowed' }, (line) => told.push(line)) };
}

describe('tellingOfWaits', () => {
  it('says nothing of a store that answers, also later', async () => {
    const { telling, told } = open();
    await telling.set(corp, new Secret('keys'));
    expect((await telling.get(corp))?.reveal()).toBe('keys');
    expect(await telling.delete(corp)).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([]);
  });

  it('says once that a silent store is waited for, and gives its answer', async () => {
    const { store, telling, told } = open();
    await telling.set(corp, new Secret('keys'));
    const thaw = store.freeze();
    const reading = telling.get(corp);
    vi.advanceTimersByTime(1_999);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual([words]);
    const again = telling.get(corp);
    vi.advanceTimersByTime(10_000);
    thaw();
    expect((await reading)?.reveal()).toBe('keys');
    expect((await again)?.reveal()).toBe('keys');
    expect(told).toEqual([words]);
  });
});
