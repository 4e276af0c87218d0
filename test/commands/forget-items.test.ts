import { describe, expect, it } from 'vitest';
import { type ForgetPorts, forgetItems } from '../../src/commands/forget-items.ts';
import { keyIdOf, roleAccount, sessionAccount } from '../../src/config/names.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { fakeClock } from '../fakes/fake-clock.ts';
import { fakeLock } from '../fakes/fake-lock.ts';
import { fakeState } from '../fakes/fake-state.ts';

const [roleId, sessionId] = [keyIdOf('role'), keyIdOf('session')];
const role = { id: roleId, account: roleAccount(roleId) };
const session = { id: sessionId, account: sessionAccount(sessionId) };

async function world() {
  const store = openMemoryStore();
  for (const { account } of [role, session]) await store.set(account, new Secret('x'));
  const said: string[] = [];
  const deleted: string[] = [];
  const [clock, lock, state] = [fakeClock(), fakeLock(), fakeState()];
  const ports: ForgetPorts = {
    clock,
    lock,
    state,
    store: {
      ...store,
      delete: (account) => {
        deleted.push(account);
        return store.delete(account);
      },
    },
    say: (line) => void said.push(line),
  };
  return { ports, clock, lock, said, deleted };
}

describe('forgetItems', () => {
  it('forgetItems removes the session before the roles that hang on it, and says nothing', async () => {
    const { ports, said, deleted } = await world();
    expect(await forgetItems([role, session], ports)).toEqual({ count: 2, unsure: [] });
    expect(deleted).toEqual([session.account, role.account]);
    expect(said).toEqual([]);
  });

  it('forgetItems removes what a refresh holds as well, and tells that it may come back', async () => {
    const { ports, lock } = await world();
    lock.hold(role.id);
    expect(await forgetItems([role, session], ports)).toEqual({ count: 2, unsure: [role] });
  });

  // It waited 2 s, too short for an AWS call, and then deleted before the holder stored.
  it('forgetItems waits longer than a call to AWS may take, for all items together, and says so after a second', async () => {
    const { ports, clock, said } = await world();
    const waits: number[] = [];
    const slow: ForgetPorts = {
      ...ports,
      lock: {
        withLock: async (name, wait) => {
          if (name === 'index') return { kind: 'busy' };
          waits.push(wait.waitMs);
          await clock.advance(7_000);
          return { kind: 'busy' };
        },
      },
    };
    await forgetItems([session, role], slow);
    expect(waits).toEqual([12_000, 5_000]);
    expect(said).toEqual(['waiting for a refresh that is under way']);
  });
});
