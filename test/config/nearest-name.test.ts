import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestName } from '../../src/config/nearest-name.ts';

describe('nearestName', () => {
  it.each([
    ['devv', ['prod', 'dev', 'deploy'], 'dev'],
    ['Dev', ['dev'], 'dev'],
    ['prod-admni', ['prod-admin', 'prod'], 'prod-admin'],
    ['production-admin', ['prodution-admn'], 'prodution-admn'],
    ['x', ['xy'], 'xy'],
    ['xy', ['x'], 'x'],
    ['dev', ['ved'], 'ved'],
    ['abcdef', ['abcdxy'], 'abcdxy'],
    ['abcdefghi', ['abcdefxyz'], 'abcdefxyz'],
    ['abcdef', ['abcdxy', 'badcfe'], 'badcfe'],
  ])('finds for %s among %j: %s', (name, candidates, found) => {
    expect(nearestName(name, candidates)).toBe(found);
  });

  it.each([
    ['devv', ['prod', 'staging']],
    ['dev', ['ops']],
    ['dev', ['dxx']],
    ['a', ['b']],
    ['a', ['bc']],
    ['abcde', ['abcxy']],
    ['abcdefgh', ['abcdexyz']],
    ['dev', ['dve1']],
    ['abcdefghijklmnop', ['abcdefghijkl']],
    ['dev', []],
  ])('finds nothing for %s among %j', (name, candidates) => {
    expect(nearestName(name, candidates)).toBeUndefined();
  });

  it('takes the first of two that are equally near', () => {
    expect(nearestName('dev1', ['dev2', 'dev3'])).toBe('dev2');
    expect(nearestName('dev1', ['dev3', 'dev2'])).toBe('dev3');
  });

  it('takes the nearer of two', () => {
    expect(nearestName('prod-admin', ['prod-admixx', 'prod-admix'])).toBe('prod-admix');
  });

  it('answers with a candidate or nothing, whatever the names', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }),
        (name, candidates) => {
          const found = nearestName(name, candidates);
          return found === undefined || candidates.includes(found);
        },
      ),
    );
  });
});
