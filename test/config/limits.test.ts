import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Checked,
  parseExternalId,
  parsePolicy,
  parsePolicyArns,
  parseRoleArn,
  parseRoleDuration,
  parseSerial,
  parseSessionDuration,
  parseSessionName,
  parseSourceIdentity,
  parseTags,
  parseTransitiveTagKeys,
  policySizeProblem,
  sanitizeSessionName,
} from '../../src/config/limits.ts';

function problemOf(checked: Checked<unknown>): string {
  if (checked.kind === 'ok') throw new Error(`was accepted: ${JSON.stringify(checked.value)}`);
  return checked.problem;
}

function accepted<T>(checked: Checked<T>): T {
  if (checked.kind === 'problem') throw new Error(checked.problem);
  return checked.value;
}

/** Any text, and text that is nearly right, which is where mistakes would be. */
function textNear(alphabet: string, maxLength: number): fc.Arbitrary<string> {
  const near = fc.string({ unit: fc.constantFrom(...alphabet), maxLength });
  return fc.oneof(
    fc.string({ unit: 'binary', maxLength }),
    near,
    fc.tuple(near, fc.string({ maxLength: 1 }), near).map((all) => all.join('')),
  );
}

const nameText = textNear('abcXYZ019_+=,.@-', 70);
const idText = textNear('abcXYZ019_+=,.@:/-', 700);
const serialText = textNear('abcXYZ019_+=,.@:/-', 140);
const arnText = fc.oneof(
  textNear('arn:ws-iol/ey0123456789', 60),
  fc
    .tuple(fc.constantFrom('arn:aws:iam::123456789012:role/', 'arn:aws-cn:iam::aws:policy/'), textNear('abc/+=,.@_-', 80))
    .map((all) => all.join('')),
);
const tagsText = textNear('aK1=, :./+-@\n', 60);

// The patterns and lengths of AWS's service model of STS (botocore, data/sts/2011-06-15).
describe('what is accepted satisfies the rule that AWS publishes', () => {
  const rules: readonly (readonly [string, fc.Arbitrary<string>, (raw: string) => Checked<string>, RegExp])[] = [
    ['session name', nameText, parseSessionName, /^[\w+=,.@-]{2,64}$/],
    ['source identity', nameText, parseSourceIdentity, /^(?!aws:)[\w+=,.@-]{2,64}$/],
    ['external id', idText, parseExternalId, /^[\w+=,.@:/-]{2,1224}$/],
    ['serial', serialText, parseSerial, /^[\w+=/:,.@-]{9,256}$/],
    ['role ARN', arnText, parseRoleArn, /^[\t\n\r -~\u0085\u00a0-\ud7ff\ue000-\ufffd]{20,2048}$/],
  ];
  it.each(rules)('%s', (_name, texts, parse, rule) => {
    let count = 0;
    const claim = fc.property(texts, (raw) => {
      const checked = parse(raw);
      if (checked.kind === 'problem') return checked.problem !== '';
      count += 1;
      return rule.test(checked.value) && checked.value === raw;
    });
    fc.assert(claim, { numRuns: 500 });
    expect(count).toBeGreaterThan(10);
  });

  it.each(rules.slice(0, 4))('and %s is accepted whenever it satisfies it', (_name, texts, parse, rule) => {
    const claim = fc.property(texts, (raw) => {
      fc.pre(rule.test(raw) && !/:(u2f|fido|passkey)\//i.test(raw));
      return parse(raw).kind === 'ok';
    });
    fc.assert(claim, { numRuns: 100, maxSkipsPerRun: 1000 });
  });

  it('tags', () => {
    const claim = fc.property(tagsText, (raw) => {
      const checked = parseTags(raw);
      if (checked.kind === 'problem') return true;
      const tags = Object.entries(checked.value);
      return (
        tags.length >= 1 &&
        tags.length <= 50 &&
        tags.every(([key]) => /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key)) &&
        tags.every(([, value]) => /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value)) &&
        new Set(tags.map(([key]) => key.toLowerCase())).size === tags.length
      );
    });
    fc.assert(claim, { numRuns: 2000 });
  });

  it('policy', () => {
    const texts = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.dictionary(fc.string(), fc.string()).map((o) => JSON.stringify(o)),
    );
    const claim = fc.property(texts, (raw) => {
      const checked = parsePolicy(raw);
      if (checked.kind === 'problem') return true;
      return /^[\t\n\r -\u00ff]{1,2048}$/.test(checked.value) && typeof JSON.parse(checked.value) === 'object';
    });
    fc.assert(claim, { numRuns: 500 });
  });

  it('no parse function throws, whatever it is given', () => {
    const parsers = [
      parsePolicyArns,
      parseTags,
      parseTransitiveTagKeys,
      parsePolicy,
      parseRoleDuration,
      parseSessionDuration,
      parseRoleArn,
      parseSerial,
    ];
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), tagsText, arnText), fc.constantFrom(...parsers), (raw, parse) => {
        const checked = parse(raw);
        return checked.kind === 'ok' || checked.problem !== '';
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parseSerial', () => {
  it.each(['arn:aws:iam::123456789012:mfa/alice', 'GAHT12345678', 'arn:aws-us-gov:iam::123456789012:mfa/team/alice'])(
    'takes %s',
    (raw) => {
      expect(accepted(parseSerial(raw))).toBe(raw);
    },
  );

  it.each(['arn:aws:iam::123456789012:u2f/user/alice/my-key-ABC', 'arn:aws:iam::123456789012:fido/alice'])(
    'says what to do instead of %s',
    (raw) => {
      expect(problemOf(parseSerial(raw))).toMatch(/security key.*register an authenticator app \(TOTP\)/);
    },
  );

  it('takes a device that is merely called u2f', () => {
    expect(parseSerial('arn:aws:iam::123456789012:mfa/u2f').kind).toBe('ok');
  });

  it('names the character that is too much, and the length', () => {
    expect(problemOf(parseSerial('arn:aws:iam::123456789012:mfa/al ice'))).toBe(
      'may not contain " ": only letters, digits and _+=/:,.@-',
    );
    expect(problemOf(parseSerial('alice'))).toBe('has 5 characters, and AWS takes 9 to 256');
    expect(problemOf(parseSerial('a'.repeat(257)))).toContain('257');
  });
});

describe('parseRoleArn', () => {
  it.each([
    'arn:aws:iam::123456789012:role/Dev',
    'arn:aws:iam::123456789012:role/service/team/Dev_1+=,.@-',
    'arn:aws-cn:iam::123456789012:role/Dev',
    'arn:aws-us-gov:iam::123456789012:role/Dev',
    'arn:aws-iso-b:iam::123456789012:role/Dev',
    'arn:aws-eusc:iam::123456789012:role/Dev',
  ])('takes %s', (raw) => {
    expect(accepted(parseRoleArn(raw))).toBe(raw);
  });

  it.each([
    '',
    'Dev',
    'arn:aws:iam::12345678901:role/Dev',
    'arn:aws:iam::123456789012:user/Dev',
    'arn:aws:sts::123456789012:assumed-role/Dev/x',
    'arn:aws:iam::123456789012:role/',
    'arn:aws:iam::123456789012:role/Dev ',
    'arn:aws:iam::123456789012:role/De v/x',
    `arn:aws:iam::123456789012:role/${'D'.repeat(65)}`,
    'x arn:aws:iam::123456789012:role/Dev',
  ])('does not take %j', (raw) => {
    expect(problemOf(parseRoleArn(raw))).toContain("is not a role's ARN");
  });
});

describe('durations', () => {
  it.each([
    [parseRoleDuration, '900', 900],
    [parseRoleDuration, '43200', 43200],
    [parseSessionDuration, '900', 900],
    [parseSessionDuration, '129600', 129600],
    [parseRoleDuration, '03600', 3600],
  ] as const)('%o takes %s', (parse, raw, seconds) => {
    expect(accepted(parse(raw))).toBe(seconds);
  });

  it.each(['899', '43201', '', '1h', '3600.0', '3.6e3', '-3600', '0x1000', ' 3600', '9'.repeat(400)])(
    'a role does not live for %j',
    (raw) => {
      expect(problemOf(parseRoleDuration(raw))).toContain('is not a number of seconds from 900 to 43200');
    },
  );

  it.each(['899', '129601', 'NaN', 'Infinity'])('a session does not live for %j', (raw) => {
    expect(problemOf(parseSessionDuration(raw))).toContain('is not a number of seconds from 900 to 129600');
  });
});

describe('lengths', () => {
  it.each([
    ['session name', parseSessionName, 2, 64],
    ['source identity', parseSourceIdentity, 2, 64],
    ['external id', parseExternalId, 2, 1224],
    ['serial', parseSerial, 9, 256],
  ] as const)('a %s has its shortest and its longest', (_name, parse, min, max) => {
    const kinds = [min - 1, min, max, max + 1].map((length) => parse('a'.repeat(length)).kind);
    expect(kinds).toEqual(['problem', 'ok', 'ok', 'problem']);
    expect(problemOf(parse('a'.repeat(max + 1)))).toBe(`has ${max + 1} characters, and AWS takes ${min} to ${max}`);
  });
});

describe('parseExternalId', () => {
  it('never repeats the id', () => {
    expect(problemOf(parseExternalId('somebody-elses id'))).toBe('may not contain " ": only letters, digits and _+=,.@:/-');
  });
});

describe('parseSourceIdentity', () => {
  it('says that aws: is reserved', () => {
    expect(problemOf(parseSourceIdentity('aws:alice'))).toBe('"aws:alice" begins with aws:, which AWS keeps for itself');
  });
});

describe('policies', () => {
  const policy = '{"Version":"2012-10-17","Statement":[]}';
  const arn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';

  it('an inline policy may span lines, and stays as it was written', () => {
    expect(accepted(parsePolicy(`\n{\n\t"Version": "2012-10-17"\n}\n`))).toBe('{\n\t"Version": "2012-10-17"\n}');
  });

  it.each(['', '[]', 'null', '"x"', '7', '{', "{'a':1}", 'file://policy.json'])('%j is no policy', (raw) => {
    expect(problemOf(parsePolicy(raw))).toBe('is not a JSON object');
  });

  it('a policy has a longest length and an alphabet', () => {
    expect(accepted(parsePolicy(`{"a":"${'x'.repeat(2040)}"}`))).toHaveLength(2048);
    expect(problemOf(parsePolicy(`{"a":"${'x'.repeat(2041)}"}`))).toContain('2048');
    expect(problemOf(parsePolicy('{"a":"→"}'))).toBe('AWS takes no "→" in a policy');
  });

  it('ARNs are separated by commas or lines', () => {
    expect(accepted(parsePolicyArns(`${arn}, arn:aws:iam::123456789012:policy/team/x\n${arn}2,`))).toEqual([
      arn,
      'arn:aws:iam::123456789012:policy/team/x',
      `${arn}2`,
    ]);
  });

  it('ten ARNs are taken, eleven are not, nor none', () => {
    const arns = (count: number) => Array.from({ length: count }, (_, index) => `${arn}${index}`).join(',');
    expect(accepted(parsePolicyArns(arns(10)))).toHaveLength(10);
    expect(problemOf(parsePolicyArns(arns(11)))).toBe('has 11 entries, and AWS takes 10');
    expect(problemOf(parsePolicyArns(' , '))).toBe('names nothing');
    expect(problemOf(parsePolicyArns('ReadOnlyAccess'))).toContain("is not a policy's ARN");
    expect(problemOf(parsePolicyArns('arn:aws:iam::123456789012:role/Dev'))).toContain("is not a policy's ARN");
  });

  it('inline and managed policies share 2048 characters', () => {
    const rest = 2048 - policy.length - arn.length;
    expect(policySizeProblem(undefined, undefined)).toBeUndefined();
    expect(policySizeProblem(policy, [arn, 'x'.repeat(rest)])).toBeUndefined();
    expect(policySizeProblem(policy, [arn, 'x'.repeat(rest + 1)])).toBe(
      'policy and policy_arns have 2049 characters together, and AWS takes 2048',
    );
  });
});

describe('parseTags', () => {
  it('reads pairs; a value may be empty and may hold "="', () => {
    expect(accepted(parseTags('Team=platform ops, cost-center = 12=3\nempty=,'))).toEqual({
      Team: 'platform ops',
      'cost-center': '12=3',
      empty: '',
    });
  });

  it('takes letters of any language', () => {
    expect(accepted(parseTags('Straße=日本'))).toEqual({ Straße: '日本' });
  });

  it('keeps a key that objects are born with', () => {
    expect(Object.entries(accepted(parseTags('__proto__=x,constructor=y')))).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it.each([
    ['Team', '"Team" has no "=": write key=value, key2=value2'],
    ['=x', 'the key "" has 0 characters, and AWS takes 1 to 128'],
    ['aws:team=x', '"aws:team" begins with aws:, which AWS keeps for itself'],
    ['AWS:team=x', '"AWS:team" begins with aws:, which AWS keeps for itself'],
    ['team=x,Team=y', 'the key "Team" is there twice'],
    ['team=x,team=x', 'the key "team" is there twice'],
    ['te;am=x', 'the key "te;am" may not contain ";": only letters, digits, spaces and _.:/=+-@'],
    ['team=x;y', 'the value of "team" may not contain ";": only letters, digits, spaces and _.:/=+-@'],
    [`${'k'.repeat(129)}=x`, 'has 129 characters, and AWS takes 1 to 128'],
    [`k=${'v'.repeat(257)}`, 'the value of "k" has 257 characters, and AWS takes 0 to 256'],
    [',', 'names nothing'],
  ])('refuses %j in words', (raw, words) => {
    expect(problemOf(parseTags(raw))).toContain(words);
  });

  it('takes 50 tags and no more', () => {
    const tags = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=v`).join();
    expect(Object.keys(accepted(parseTags(tags(50))))).toHaveLength(50);
    expect(problemOf(parseTags(tags(51)))).toBe('has 51 entries, and AWS takes 50');
  });
});

describe('parseTransitiveTagKeys', () => {
  it('takes keys, also of tags that are not there', () => {
    expect(accepted(parseTransitiveTagKeys('Team, Cost Center'))).toEqual(['Team', 'Cost Center']);
  });

  it('refuses what is no key, is there twice, or is too much', () => {
    expect(problemOf(parseTransitiveTagKeys('a,aws:b'))).toContain('"aws:b" begins with aws:');
    expect(problemOf(parseTransitiveTagKeys('a,A'))).toBe('the key "A" is there twice');
    expect(problemOf(parseTransitiveTagKeys(Array.from({ length: 51 }, (_, index) => `k${index}`).join()))).toContain(
      '51 entries',
    );
  });
});

describe('sanitizeSessionName', () => {
  it('makes a valid name of any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 100 }),
        (text) => parseSessionName(sanitizeSessionName(text)).kind === 'ok',
      ),
    );
  });

  it('leaves a valid name alone', () => {
    expect(sanitizeSessionName('alice@example.com')).toBe('alice@example.com');
    expect(sanitizeSessionName('DOMAIN\\alice 😀')).toBe('DOMAIN-alice--');
    expect(sanitizeSessionName('')).toBe('--');
  });
});
