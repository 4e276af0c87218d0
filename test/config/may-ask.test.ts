import { describe, expect, it } from 'vitest';
import { mayAsk } from '../../src/config/may-ask.ts';
import { parseProfileName } from '../../src/config/names.ts';

function recipe(interactive?: string) {
  const profile = parseProfileName('dev');
  const rest = { hops: [], loginTarget: profile, network: {}, chain: [profile], notes: [] };
  return { profile, ...rest, ...(interactive === undefined ? {} : { interactive }) };
}

describe('mayAsk', () => {
  it.each([
    [undefined, undefined, undefined, false],
    [undefined, undefined, 'yes', true],
    [undefined, 'yes', undefined, true],
    ['1', undefined, undefined, true],
    [undefined, 'no', 'yes', false],
    ['no', 'yes', 'yes', false],
    ['TRUE', 'no', 'no', true],
    ['', 'On', undefined, true],
    [undefined, 'perhaps', 'yes', false],
  ])('with the variable %j, the recipe %j and the settings %j is %j', (variable, ofRecipe, ofSettings, outcome) => {
    expect(mayAsk(recipe(ofRecipe), { ROLEKEEPER_INTERACTIVE: variable }, ofSettings)).toBe(outcome);
  });
});
