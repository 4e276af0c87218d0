// Over all sources that botocore has, our chain and botocore's resolve to the same sequence of calls, or differ by a rule with a reason.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCases } from './cases.ts';
import { compare, type Pair } from './compare.ts';
import { intendedDifferences } from './intended-differences.ts';
import { startOurs } from './ours.ts';
import { openSide, type Side } from './side.ts';
import { startBotocore } from './theirs.ts';

const cases = makeCases(6, 600);
const pairs: Pair[] = [];
let sides: readonly [Side, Side];

// A tenth of this on a machine that does nothing else.
beforeAll(async () => {
  sides = [openSide(startOurs), openSide(startBotocore)];
  for (const one of cases) {
    const [ours, theirs] = await Promise.all([sides[0].judge(one), sides[1].judge(one)]);
    pairs.push({ one, ours, theirs });
  }
}, 600_000);
afterAll(async () => {
  for (const side of sides) await side.close();
});

it('nothing differs that is not meant to', () => {
  expect(pairs.filter((pair) => compare(pair) === undefined).map(inWords)).toEqual([]);
});

it('the cases are worth comparing: most of those where botocore gets credentials are the same calls', () => {
  const outcomes = pairs.map(compare);
  const count = (outcome: string) => outcomes.filter((each) => each === outcome).length;
  expect(count('same')).toBeGreaterThan(200);
  expect(count('both refuse')).toBeGreaterThan(50);
});

it.each(['AssumeRole', 'AssumeRoleWithWebIdentity', 'GetRoleCredentials'])('%s is among what is the same', (operation) => {
  const same = pairs.filter((pair) => compare(pair) === 'same' && pair.theirs.calls.some((call) => call.operation === operation));
  expect(same.length).toBeGreaterThan(20);
});

it.each(['keys', 'environment', 'web-identity', 'machine', 'process', 'console', 'identity-center'])(
  'chains that start from %s are among what is the same',
  (start) => {
    const same = pairs.filter((pair) => compare(pair) === 'same' && pair.ours.kind === 'works' && pair.ours.start === start);
    expect(same.length).toBeGreaterThan(5);
  },
);

it.each([...intendedDifferences])('$name: a rule that explains something', ({ name }) => {
  expect(pairs.map(compare)).toContain(name);
});

function inWords({ one, ours, theirs }: Pair): string {
  const files = `${one.config}\n--- credentials\n${one.credentials}`;
  return `${one.profile} ${JSON.stringify(one.env)}\n${files}\nours ${JSON.stringify(ours)}\ntheirs ${JSON.stringify(theirs)}`;
}
