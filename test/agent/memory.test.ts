import { beforeEach, describe, expect, it } from 'vitest';
import { AgentMemory } from '../../src/agent/memory.ts';
import { type Account, keyIdOf, roleAccount } from '../../src/config/names.ts';
import { type Credentials, toProcessJson } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { type FakeMachine, fakeMachine } from '../fakes/fake-machine.ts';
import { hour, minute, second } from './agent-world.ts';

const account = roleAccount(keyIdOf('dev'));
const other = roleAccount(keyIdOf('ops'));

let machine: FakeMachine;
let memory: AgentMemory;
beforeEach(() => {
  machine = fakeMachine();
  memory = new AgentMemory(machine.clock, () => machine.readClocks().uptimeMs);
});

function made(accessKeyId = 'ASIA1', lifeMs = hour): Credentials {
  const issuedAt = machine.awsMs();
  const [secretAccessKey, sessionToken] = [new Secret('s/+='), new Secret('t/+=')];
  return { accessKeyId, secretAccessKey, sessionToken, issuedAt, expiresAt: issuedAt + lifeMs, accountId: '222233334444' };
}

function recalled(of: Account = account): Buffer {
  const remembered = memory.recall(of);
  if (remembered === undefined) throw new Error('nothing is remembered');
  return remembered.document;
}

/** The bytes that memory itself holds, by way of the one thing that shows them: what it copies from. */
function ownBytes(of: Account): Buffer {
  const { from } = Buffer;
  let seen: Buffer | undefined;
  Object.defineProperty(Buffer, 'from', {
    configurable: true,
    writable: true,
    value: (source: unknown) => {
      if (Buffer.isBuffer(source)) seen = source;
      return from.call(Buffer, Buffer.isBuffer(source) ? source : String(source));
    },
  });
  try {
    memory.recall(of);
  } finally {
    Object.defineProperty(Buffer, 'from', { configurable: true, writable: true, value: from });
  }
  if (seen === undefined) throw new Error('nothing was copied');
  return seen;
}

function isWiped(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

describe('the memory of the agent', () => {
  it('gives the very document that a process of its own prints', () => {
    const credentials = made();
    memory.keep(account, credentials);
    expect(recalled().toString()).toBe(toProcessJson(credentials, credentials.expiresAt));
    expect(memory.recall(other)).toBeUndefined();
  });

  it('gives copies: one that is wiped leaves the next as it was', () => {
    memory.keep(account, made());
    const before = recalled().toString();
    recalled().fill(0);
    expect(recalled().toString()).toBe(before);
  });

  it('wipes what it replaces, forgets, drops or clears', async () => {
    const ways: readonly (() => void | Promise<void>)[] = [
      () => memory.keep(account, made('ASIA2')),
      () => memory.forget(account),
      () => memory.forgetAll(),
      async () => {
        await machine.run(hour);
        memory.dropExpired();
      },
    ];
    for (const way of ways) {
      memory.keep(account, made());
      const bytes = ownBytes(account);
      expect(isWiped(bytes)).toBe(false);
      await way();
      expect(isWiped(bytes)).toBe(true);
    }
  });

  it('shows when its credentials began and end, without their document', () => {
    const { issuedAt, expiresAt, ...credentials } = made();
    memory.keep(account, { ...credentials, issuedAt, expiresAt });
    expect(memory.lifeOf(account)).toEqual({ issuedAt, expiresAt });
    expect(memory.lifeOf(other)).toBeUndefined();
  });

  it.each([2 * hour, -2 * hour, 40 * 24 * hour])('dates its documents anew after the clock was set by %d ms', (byMs) => {
    machine.clock.learn(machine.awsMs());
    const credentials = made();
    memory.keep(account, credentials);
    const before = recalled().toString();
    machine.setWallClock(byMs);
    machine.clock.learn(machine.awsMs());
    const dated = recalled().toString();
    expect(dated).toBe(toProcessJson(credentials, credentials.expiresAt + byMs));
    expect(dated.length).toBe(before.length);
    machine.setWallClock(-byMs);
    machine.clock.learn(machine.awsMs());
    expect(recalled().toString()).toBe(before);
  });

  it.each([
    [1_999, 0],
    [-1_999, 0],
    [2_000, 2_000],
    [-2_000, -2_000],
  ])('whose clock was set by %d ms shows a date moved by %d ms', (byMs, shownMs) => {
    let offsetMs = 0;
    memory = new AgentMemory({ ...machine.clock, toLocal: (at) => at + offsetMs }, () => 0);
    const credentials = made();
    memory.keep(account, credentials);
    offsetMs = byMs;
    for (let calls = 0; calls < 2; calls++)
      expect(recalled().toString()).toBe(toProcessJson(credentials, credentials.expiresAt + shownMs));
  });

  it('is checked for as long as it was told to be', async () => {
    memory.keep(account, made());
    await machine.run(15 * second - 1);
    expect(memory.isChecked(account, 15 * second)).toBe(true);
    await machine.run(1);
    expect(memory.isChecked(account, 15 * second)).toBe(false);
    memory.confirm(account);
    expect(memory.isChecked(account, 15 * second)).toBe(true);
    expect(memory.isChecked(other, 15 * second)).toBe(false);
  });

  it('is not checked after a doubt or a sleep, whatever the wall clock says', () => {
    memory.keep(account, made());
    memory.doubtAll();
    expect(memory.isChecked(account, 15 * second)).toBe(false);
    memory.confirm(account);
    machine.sleep(20 * second);
    machine.setWallClock(-20 * second);
    expect(memory.isChecked(account, 15 * second)).toBe(false);
    memory.confirm(other);
    memory.doubt(other);
    expect(memory.size).toBe(1);
  });

  it('counts its doubts, of which forgetting everything is one', () => {
    memory.keep(account, made());
    expect([memory.doubts, memory.generation]).toEqual([0, 0]);
    memory.doubtAll();
    expect([memory.doubts, memory.generation]).toEqual([1, 0]);
    memory.doubt(account);
    memory.forgetAll();
    expect([memory.doubts, memory.generation]).toEqual([2, 1]);
  });

  it('confirms and doubts the one that it was told of, and no other', () => {
    for (const one of [account, other]) memory.keep(one, made());
    memory.doubt(account);
    expect([account, other].map((one) => memory.isChecked(one, second))).toEqual([false, true]);
    memory.doubtAll();
    memory.confirm(other);
    expect([account, other].map((one) => memory.isChecked(one, second))).toEqual([false, true]);
  });

  it('counts what it was told to forget, so that nothing from before is kept after', () => {
    memory.keep(account, made());
    memory.keep(other, made());
    const { generation } = memory;
    memory.forget(account);
    expect([memory.generation, memory.size]).toEqual([generation, 1]);
    memory.forgetAll();
    expect([memory.generation, memory.size]).toEqual([generation + 1, 0]);
    memory.forgetAll();
    expect(memory.generation).toBe(generation + 2);
  });

  it('drops what has ended and nothing else', async () => {
    memory.keep(account, made('ASIA1', 10 * minute));
    memory.keep(other, made('ASIA2', hour));
    await machine.run(10 * minute);
    memory.dropExpired();
    expect(memory.accounts()).toEqual([other]);
  });
});
