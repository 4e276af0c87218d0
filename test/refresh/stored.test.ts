import { describe, expect, it } from 'vitest';
import { toAppError } from '../../src/errors.ts';
import { openChain } from '../../src/refresh/obtain.ts';
import { noteWanted } from '../../src/refresh/stored.ts';
import { dev, minute, recipe, roleHop, withKeys, world } from './obtain-world.ts';

async function opened() {
  const one = await withKeys(world());
  const [step] = (await openChain(recipe([roleHop]), one.ports)).steps;
  if (step === undefined) throw new Error('it has one hop');
  const life = (endsInMs: number) => ({ issuedAt: one.clock.now(), expiresAt: one.clock.now() + endsInMs });
  const want = (endsInMs: number) => noteWanted(step, { profile: dev, stored: life(endsInMs) }, one.ports);
  return { ...one, step, life, want };
}

describe('noteWanted', () => {
  it('noteWanted lists what a crash kept out of the state, and notes that somebody asked', async () => {
    const { state, step, life, want } = await opened();
    want(60 * minute);
    expect(state.read(step.id)).toEqual({ id: step.id, kind: 'role', profile: dev, ...life(60 * minute) });
    expect(state.askedAt(step.id)).toBeDefined();
  });

  it('noteWanted keeps what else is known, where the store has later ones', async () => {
    const { state, step, life, want } = await opened();
    const failure = { error: toAppError(new Error('x')).toStored(), at: 1, count: 1, retryAt: 2 };
    state.publish({ id: step.id, kind: 'role', profile: dev, ...life(minute), failure });
    want(60 * minute);
    expect(state.read(step.id)).toMatchObject({ failure, ...life(60 * minute) });
  });

  it('noteWanted publishes again what the state knows without an end', async () => {
    const { state, step, life, want } = await opened();
    state.publish({ id: step.id, kind: 'role', profile: dev });
    want(60 * minute);
    expect(state.read(step.id)).toMatchObject(life(60 * minute));
  });

  it.each([60 * minute, 61 * minute])('noteWanted leaves a record alone that ends no sooner: %d', async (endsInMs) => {
    const { state, step, life, want } = await opened();
    state.publish({ id: step.id, kind: 'role', profile: dev, ...life(endsInMs) });
    const stamp = state.stamp();
    want(60 * minute);
    expect(state.stamp()).toBe(stamp);
  });

  it('noteWanted says that the disk is full, and throws nothing for it', async () => {
    const { state, want, events } = await opened();
    state.fillDisk();
    want(60 * minute);
    expect(events).toEqual(['state.unwritable']);
  });

  it('noteWanted hides no fault of the program', async () => {
    const { ports, step, life } = await opened();
    const fault = new TypeError('a bug');
    const state = {
      ...ports.state,
      publish: () => {
        throw fault;
      },
    };
    expect(() => noteWanted(step, { profile: dev, stored: life(minute) }, { ...ports, state })).toThrow(fault);
  });
});
