// The way back from a pair: to the byte by its record, or from what it says now.

import { describe, expect, it } from 'vitest';
import { scanLines } from '../../src/config/aws-config-lines.ts';
import type { ProfileName } from '../../src/config/names.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { addTwin, applyChanges, splitProfile } from '../../src/config/role-pair.ts';
import { type AdoptedPair, joinPair, recordPair, undoPairs } from '../../src/config/undo-pair.ts';
import { AppError } from '../../src/errors.ts';

const [dev, prod, twin] = [parseProfileName('dev'), parseProfileName('prod'), parseProfileName('dev-rk')];
const role = 'role_arn = arn:aws:iam::222233334444:role/Dev\n';

function processOf(profile: ProfileName): string {
  return `/x/rolekeeper get ${profile}`;
}

interface Adopted {
  readonly config: string;
  readonly pairs: readonly AdoptedPair[];
}

function adopt(text: string, ...profiles: readonly ProfileName[]): Adopted {
  const scanned = scanLines(text, 'c');
  const changes = profiles.map((profile) => splitProfile(scanned, profile, processOf(profile)));
  return {
    config: applyChanges(scanned, changes),
    pairs: changes.map((change) => ({ profile: change.profile, record: recordPair('c', change) })),
  };
}

function addTwinTo(text: string): Adopted {
  const scanned = scanLines(text, 'c');
  const change = addTwin(scanned, dev, { twin, process: processOf(dev), region: 'eu-west-1' });
  return { config: applyChanges(scanned, [change]), pairs: [{ profile: twin, record: recordPair('c', change) }] };
}

describe('recordPair', () => {
  it('recordPair has the lines of the pair, each with its newline, and nothing else of the file', () => {
    const text = `[profile x]\r\n[profile dev]\r\nregion = y\r\n${role.trim()}`;
    const { config, pairs } = adopt(text, dev);
    const lines = ['[profile dev]', 'region = y', `credential_process = ${processOf(dev)}`, '', '[rolekeeper dev]', role.trim()];
    expect(config).toBe(`[profile x]\r\n${lines.join('\r\n')}`);
    expect(pairs.map(({ record: { path, steps, lines: digests } }) => [path, steps, digests.length])).toStrictEqual([
      ['c', [{ keep: 2 }, { drop: 3 }, { keep: 1 }], 6],
    ]);
  });

  it('recordPair of a twin has nothing to put back', () => {
    const { config, pairs } = addTwinTo(`[profile dev]\n${role}`);
    expect(config).toBe(`[profile dev]\n${role}\n[profile dev-rk]\nregion = eu-west-1\ncredential_process = ${processOf(dev)}\n`);
    expect(pairs[0]?.record.steps).toStrictEqual([{ drop: 5 }]);
  });
});

describe('undoPairs', () => {
  const text = `[profile dev]\n${role}region = eu-west-1\n# keep\nsource_profile = corp\nexternal_id = e\n`;
  const { config, pairs } = adopt(text, dev);

  function undone(changed: string): string | undefined {
    const { text: now, undone: profiles } = undoPairs(changed, 'c', pairs);
    if (profiles.length === 0) expect(now).toBe(changed);
    return profiles.length === 0 ? undefined : now;
  }

  it('holds no line of the file but those that it takes back', () => {
    const secret = '[profile x]\naws_secret_access_key = wJalrXUtnFEMI\n';
    expect(JSON.stringify(adopt(secret + text, dev).pairs)).not.toContain('wJalr');
  });

  it('keeps what was written beside its lines since', () => {
    const since = config.replace('region = eu-west-1\n', 'region = eu-west-1\noutput = json\n');
    expect(undone(since)).toBe(text.replace('region = eu-west-1\n', 'region = eu-west-1\noutput = json\n'));
    const earlier = config.replace('[profile dev]\n', '[profile dev]\noutput = json\n');
    expect(undone(earlier)?.split('\n').sort()).toEqual([...text.split('\n'), 'output = json'].sort());
  });

  it('knows its lines in the midst of any other change of the file', () => {
    const other = `[profile other]\n${role}source_profile = corp\n\n`;
    expect(undone(other + config + other.replaceAll('other', 'third'))).toBe(other + text + other.replaceAll('other', 'third'));
  });

  it.each([
    ['its line was changed', config.replace('get dev', 'get dev2')],
    ['another section came between', config.replace('[rolekeeper', '[profile x]\n\n[rolekeeper')],
    ['one half is gone', config.slice(0, config.indexOf('[rolekeeper'))],
    ['the other half is gone', config.slice(config.indexOf('[rolekeeper'))],
    ['its recipe is empty', config.slice(0, config.indexOf('role_arn'))],
    ['both are gone', '[profile x]\n'],
    ['a setting stands in both', `${config}region = us-east-1\n`],
    [
      'its halves changed places',
      `${config.slice(config.indexOf('[rolekeeper'))}\n${config.slice(0, config.indexOf('[rolekeeper'))}`,
    ],
  ])('is undefined where %s', (_what, changed) => {
    expect(changed).not.toBe(config);
    expect(undone(changed)).toBeUndefined();
  });

  it.each([
    ['in the middle', `[profile a]\n\n${text}\n[profile b]\n`],
    ['at the end, without a newline', `[profile a]\r\n${text.trimEnd().replaceAll('\n', '\r\n')}`],
    ['with old newlines', `\ufeff${text.replaceAll('\n', '\r')}`],
    ['without a blank line before the next', `${text}[profile b]\n`],
  ])('gives every byte back: %s', (_where, before) => {
    const adopted = adopt(before, dev);
    expect(undoPairs(adopted.config, 'c', adopted.pairs)).toStrictEqual({ text: before, undone: [dev] });
  });

  it.each([
    ['a twin', `[profile dev]\n${role}`],
    ['a twin without a newline', `[profile dev]\r\n${role.trim()}`],
    ['a twin in the middle', `[profile dev]\n${role}\n[profile x]\n`],
  ])('takes %s out again', (_what, before) => {
    const added = addTwinTo(before);
    expect(added.config).not.toBe(before);
    expect(undoPairs(added.config, 'c', added.pairs)).toStrictEqual({ text: before, undone: [twin] });
    const renamed = added.config.replace('[profile dev-rk]', '[profile dev-rk2]');
    const parted = `[rolekeeper dev-rk]\nkeys = k\n${added.config}`;
    for (const now of [renamed, parted]) expect(undoPairs(now, 'c', added.pairs)).toStrictEqual({ text: now, undone: [] });
  });

  describe('of several', () => {
    // Without the pair the indented header below would continue the last value.
    const odd = `[profile prod]\n  ${role}  source_profile = corp\nregion = x\n`;

    it.each([
      ['first', [prod, dev]],
      ['last', [dev, prod]],
    ])('undoes what it can where one of them would make the file say something else: the %s', (_which, order) => {
      const adopted = adopt(`${text}\n${odd}`, ...order);
      const changed = `${adopted.config} [profile late]\n`;
      const [, pairOfProd = ''] = adopted.config.split('\n\n[profile prod]');
      expect(undoPairs(changed, 'c', adopted.pairs)).toStrictEqual({
        text: `${text}\n[profile prod]${pairOfProd} [profile late]\n`,
        undone: [dev],
      });
    });

    it.each([
      ['forwards', [dev, prod]],
      ['backwards', [prod, dev]],
    ])('undoes all at once, and names them as they were given: %s', (_order, order) => {
      const adopted = adopt(`${text}\n${odd}`, ...order);
      expect(undoPairs(adopted.config, 'c', adopted.pairs)).toStrictEqual({ text: `${text}\n${odd}`, undone: order });
    });

    it('undoes what it can where one was changed and another would make the file say something else', () => {
      const third = text.replaceAll('dev', 'web');
      const adopted = adopt(`${third}\n${text}\n${odd}`, parseProfileName('web'), prod, dev);
      const changed = `${adopted.config.replace('get web', 'get web2')} [profile late]\n`;
      const { text: now, undone: profiles } = undoPairs(changed, 'c', adopted.pairs);
      expect(profiles).toStrictEqual([dev]);
      const [pairOfWeb = '', rest = ''] = changed.split('\n\n[profile dev]');
      expect(now).toBe(`${pairOfWeb}\n\n${text}\n[profile prod]${rest.split('[profile prod]')[1]}`);
    });

    it('leaves those out whose lines were changed', () => {
      const adopted = adopt(`${text}\n${odd}`, prod, dev);
      const changed = adopted.config.replace('get dev', 'get dev2');
      const [pairOfDev = ''] = changed.split('\n\n[profile prod]');
      expect(undoPairs(changed, 'c', adopted.pairs)).toStrictEqual({ text: `${pairOfDev}\n\n${odd}`, undone: [prod] });
    });
  });
});

describe('joinPair', () => {
  const recipe = `[rolekeeper dev]\n# the role\n${role}source_profile = corp\n`;
  const ordinary = '[profile dev]\nregion = eu-west-1\ncredential_process = /x/rolekeeper get dev\n';
  const pair = `${ordinary}\n# how it is made\n${recipe}`;

  it.each([
    [
      'with their comments',
      pair,
      `[profile dev]\nregion = eu-west-1\n\n# how it is made\n# the role\n${role}source_profile = corp\n`,
    ],
    [
      'without the blank line between them',
      `[profile x]\n\n${ordinary}\n${recipe}\n[profile y]\n`,
      `[profile x]\n\n[profile dev]\nregion = eu-west-1\n# the role\n${role}source_profile = corp\n\n[profile y]\n`,
    ],
    [
      'without a line of blanks between them',
      `${ordinary} \t\n${recipe}`,
      `[profile dev]\nregion = eu-west-1\n# the role\n${role}source_profile = corp\n`,
    ],
    [
      'that have no line between them',
      `${ordinary}${recipe}`,
      `[profile dev]\nregion = eu-west-1\n# the role\n${role}source_profile = corp\n`,
    ],
    [
      'with all but one of the blank lines',
      `${ordinary}\n\n${recipe}`,
      `[profile dev]\nregion = eu-west-1\n\n# the role\n${role}source_profile = corp\n`,
    ],
    ['of a profile that runs nothing', `[profile dev]\n\n${recipe}`, `[profile dev]\n# the role\n${role}source_profile = corp\n`],
    [
      'with one setting of both, in the same words',
      `${ordinary}\n${recipe}Region = eu-west-1\n`,
      `[profile dev]\nregion = eu-west-1\n# the role\n${role}source_profile = corp\n`,
    ],
    [
      'that do not follow each other',
      `${recipe}region = eu-west-1\n\n[profile x]\nregion = y\n\n${ordinary}`,
      `# the role\n\n[profile x]\nregion = y\n\n[profile dev]\nregion = eu-west-1\n${role}source_profile = corp\n`,
    ],
  ])('joins two sections %s', (_what, text, joined) => {
    expect(joinPair(text, 'c', dev)).toBe(joined);
    // Half of a Windows newline was taken for a blank line.
    expect(joinPair(text.replaceAll('\n', '\r\n'), 'c', dev)).toBe(joined.replaceAll('\n', '\r\n'));
  });

  it.each([
    [
      'sections where the lines of one would continue the other',
      `${ordinary}\n[rolekeeper dev]\n  ${role}  source_profile = corp\n`,
      1,
      'the lines around it would be read differently afterwards',
    ],
    ['a pair without the profile', `\n${recipe}`, 2, 'there is no [profile dev] to make a pair of'],
    ['a pair without the recipe', `\n\n${ordinary}`, 3, 'there is no [rolekeeper dev] to make a pair of'],
    ['what is not there', '\n[profile x]\n', 1, 'there is no [profile dev] to make a pair of'],
    [
      'a line of another program',
      pair.replace('/x/rolekeeper', '/x/other'),
      3,
      '"credential_process" of "dev" does not run rolekeeper for it',
    ],
    [
      'a line for another profile',
      pair.replace('get dev', 'get prod'),
      3,
      '"credential_process" of "dev" does not run rolekeeper for it',
    ],
    [
      'sections that contradict each other',
      `${pair}region = us-east-1\n`,
      2,
      '"region" here and [rolekeeper dev] would be one profile, and only one of them can count',
    ],
    [
      'a recipe key in the wrong half',
      pair.replace('region =', 'mfa_serial ='),
      2,
      '"mfa_serial" here and [rolekeeper dev] would be one profile, and only one of them can count',
    ],
  ])('refuses %s', (_what, text, line, problem) => {
    expect(() => joinPair(text, 'c', dev)).toThrow(new AppError('edit-refused', { path: 'c', line, problem }));
  });

  it('refuses a profile of keys, and says what it is still good for', () => {
    const details = {
      path: 'c',
      line: 6,
      problem: '"dev" is no role: its keys are in the store, and nothing tells how its files were before',
      hint: '`rolekeeper exec dev -- PROGRAM` still gives its credentials to a program',
    };
    const ofKeys = pair.replace(/role_arn.*\nsource.*\n/, 'mfa_serial = x\n');
    expect(() => joinPair(ofKeys, 'c', dev)).toThrow(expect.objectContaining({ code: 'edit-refused', details }));
  });
});
