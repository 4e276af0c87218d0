import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRotation, type RotationScene } from '../../src/credentials/rotation-plan.ts';

const startedAt = Date.UTC(2026, 0, 2, 8);
const listed = (accessKeyId: string, isActive = true, createdAt = 0) => ({ accessKeyId, isActive, createdAt });
const scene = (more: Partial<RotationScene> = {}): RotationScene => ({
  currentId: 'OLD',
  freshId: undefined,
  formerId: undefined,
  record: undefined,
  listed: [listed('OLD')],
  ...more,
});
const switched = { currentId: 'NEW', formerId: 'OLD' };
const record = { oldAccessKeyId: 'OLD', startedAt };

describe('planRotation', () => {
  it('begins with the user of one key', () => {
    expect(planRotation(scene())).toEqual({ kind: 'begin', oldId: 'OLD' });
  });

  it('begins where an interrupted rotation made nothing', () => {
    expect(planRotation(scene({ record }))).toEqual({ kind: 'begin', oldId: 'OLD' });
  });

  it('has a key verified that is in the store and not yet in use, listed by IAM or not', () => {
    const plan = { kind: 'verify', oldId: 'OLD', newId: 'NEW' };
    expect(planRotation(scene({ freshId: 'NEW', record, listed: [listed('OLD'), listed('NEW')] }))).toEqual(plan);
    expect(planRotation(scene({ freshId: 'NEW', formerId: 'OLD' }))).toEqual(plan);
  });

  it('has the old key made inactive once the new one is in use', () => {
    const plan = { kind: 'deactivate', oldId: 'OLD', newId: 'NEW' };
    expect(planRotation(scene({ ...switched, freshId: 'NEW', listed: [listed('OLD'), listed('NEW')] }))).toEqual(plan);
    expect(planRotation(scene({ ...switched, record, listed: [listed('OLD'), listed('NEW')] }))).toEqual(plan);
  });

  it('knows until when an inactive key is kept only from its own record', () => {
    const given = { ...switched, listed: [listed('OLD', false), listed('NEW')] };
    const deleteAt = startedAt + 1;
    expect(planRotation(scene({ ...given, record: { ...record, deleteAt } }))).toMatchObject({ kind: 'grace', deleteAt });
    const other = { oldAccessKeyId: 'OTHER', startedAt, deleteAt };
    expect(planRotation(scene({ ...given, record: other }))).toMatchObject({ kind: 'grace', deleteAt: undefined });
    expect(planRotation(scene(given))).toMatchObject({ kind: 'grace', deleteAt: undefined });
  });

  it('has the old key used again when somebody gave it back in IAM for the new one', () => {
    const plan = { kind: 'restore', oldId: 'OLD', newId: 'NEW' };
    expect(planRotation(scene({ ...switched, listed: [listed('OLD'), listed('NEW', false)] }))).toEqual(plan);
    expect(planRotation(scene({ ...switched, listed: [listed('OLD')] }))).toEqual(plan);
  });

  it('takes the old key away no more when the new one does not work', () => {
    const plan = { kind: 'no-key', currentId: 'NEW' };
    expect(planRotation(scene({ ...switched, listed: [listed('OLD', false), listed('NEW', false)] }))).toEqual(plan);
    expect(planRotation(scene({ ...switched, listed: [] }))).toEqual(plan);
  });

  it('waits no longer for a key that IAM has no more', () => {
    expect(planRotation(scene({ ...switched, listed: [listed('NEW')] }))).toMatchObject({ kind: 'grace', deleteAt: 0 });
  });

  it.each([
    ['within a moment of the record', { record, createdAt: startedAt + 2_000 }, true],
    ['a minute before it', { record, createdAt: startedAt - 60_000 }, true],
    ['two minutes after it', { record, createdAt: startedAt + 120_000 }, true],
    ['before it', { record, createdAt: startedAt - 61_000 }, false],
    ['minutes after it', { record, createdAt: startedAt + 121_000 }, false],
    ['without a record', { record: undefined, createdAt: startedAt }, false],
    ['with the record of another key', { record: { ...record, oldAccessKeyId: 'OTHER' }, createdAt: startedAt }, false],
    [
      'with the record of a rotation that got further',
      { record: { ...record, deleteAt: startedAt }, createdAt: startedAt },
      false,
    ],
  ] as const)('takes a second key that was made %s for its own: %s', (_when, { record, createdAt }, isOurs) => {
    const plan = planRotation(scene({ record, listed: [listed('OLD'), listed('SECOND', true, createdAt)] }));
    expect(plan).toMatchObject(isOurs ? { kind: 'begin', orphanId: 'SECOND' } : { kind: 'two-keys', currentId: 'OLD' });
  });

  it("takes a second key for somebody else's where IAM does not say when it was made", () => {
    const second = { accessKeyId: 'SECOND', isActive: true };
    expect(planRotation(scene({ record, listed: [listed('OLD'), second] }))).toMatchObject({ kind: 'two-keys' });
  });

  it.each([0, 1, 2])('does not rotate a key that IAM has no more, beside %i others', (count) => {
    const others = [listed('SECOND', true, startedAt), listed('THIRD', true, startedAt)].slice(0, count);
    expect(planRotation(scene({ record, listed: others }))).toEqual({ kind: 'no-key', currentId: 'OLD' });
  });

  // Of two machines with a store each, it is the one that did not rotate.
  it.each([0, 1])('does not rotate a key that is inactive in IAM, beside %i others', (count) => {
    const others = [listed('SECOND', true, startedAt)].slice(0, count);
    expect(planRotation(scene({ record, listed: [listed('OLD', false), ...others] }))).toEqual({
      kind: 'no-key',
      currentId: 'OLD',
    });
  });

  it('never has the key deleted or made inactive that the store gives to everybody', () => {
    const id = fc.constantFrom('A', 'B', 'C');
    const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });
    const time = fc.integer({ min: startedAt - 200_000, max: startedAt + 200_000 });
    const key = fc.record({ accessKeyId: id, isActive: fc.boolean(), createdAt: time });
    const scenes = fc.record({
      currentId: id,
      freshId: maybe(id),
      formerId: maybe(id),
      record: maybe(fc.record({ oldAccessKeyId: id, startedAt: time }, { requiredKeys: ['oldAccessKeyId', 'startedAt'] })),
      listed: fc.uniqueArray(key, { maxLength: 2, selector: ({ accessKeyId }) => accessKeyId }),
    });
    fc.assert(
      fc.property(scenes, (given) => {
        const plan = planRotation(given);
        if (plan.kind === 'begin') expect(plan.orphanId).not.toBe(given.currentId);
        if (plan.kind === 'deactivate' || plan.kind === 'grace') expect(plan.oldId).not.toBe(given.currentId);
        const isInUse = given.listed.some((key) => key.accessKeyId === given.currentId && key.isActive);
        if (['begin', 'deactivate', 'grace', 'two-keys'].includes(plan.kind)) expect(isInUse).toBe(true);
        if (plan.kind === 'verify') expect(plan).toMatchObject({ oldId: given.currentId, newId: given.freshId });
      }),
    );
  });
});
