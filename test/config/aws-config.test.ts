import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findSection,
  parseConfigFile,
  parseCredentialsFile,
  type Section,
  type SectionType,
  sectionNames,
} from '../../src/config/aws-config.ts';
import { configSectionName } from '../../src/config/aws-config-header.ts';
import { isPlainFile } from '../../src/config/aws-config-plain.ts';
import { AppError } from '../../src/errors.ts';
import { askBotocore, type BotocoreCase } from './botocore.ts';
import { configText, headerText } from './config-file-arbitrary.ts';

const seed = Number(process.env['ROLEKEEPER_TEST_SEED'] ?? 20_260_723);

describe('compared with botocore', () => {
  it('parseConfigFile reads and refuses 2,000 generated files as load_config does', () => {
    const texts = fc.sample(configText, { numRuns: 2_000, seed });
    compare(texts.map((text) => ({ kind: 'config', text })));
  });

  it('parseCredentialsFile reads and refuses 1,000 generated files as raw_config_parse does', () => {
    const texts = fc.sample(configText, { numRuns: 1_000, seed: seed + 1 });
    compare(texts.map((text) => ({ kind: 'credentials', text })));
  });

  it('configSectionName names 1,000 generated headers as build_profile_map does', () => {
    const headers = fc.sample(headerText, { numRuns: 1_000, seed: seed + 2 });
    const { meanings } = askBotocore([], headers);
    const ours = headers.map((header) => asLoadConfig([{ ...configSectionName(header), line: 1, settings: new Map() }]));
    for (const [index, header] of headers.entries()) expect(ours[index], `seed ${seed}: ${header}`).toEqual(meanings[index]);
    expect(headers.filter((header) => configSectionName(header).type === 'profile').length).toBeGreaterThan(100);
  });
});

describe('real-world files, compared with botocore too', () => {
  const cases: readonly { readonly what: string; readonly text: string; readonly profiles: readonly string[] }[] = [
    { what: 'what `aws configure` writes', text: '[default]\nregion = eu-west-1\noutput = json\n', profiles: ['default'] },
    { what: 'no final newline', text: '[default]\nregion = eu-west-1', profiles: ['default'] },
    {
      what: 'Windows newlines',
      text: '[default]\r\nregion = eu-west-1\r\n\r\n[profile dev]\r\nregion=x\r\n',
      profiles: ['default', 'dev'],
    },
    { what: 'old Mac newlines', text: '[default]\rregion = x\r[profile dev]\rs3 =\r  a = b\r', profiles: ['default', 'dev'] },
    {
      what: 'quoted names',
      text: '[profile "my name"]\na=1\n[profile \'other one\']\na=2\n',
      profiles: ['my name', 'other one'],
    },
    { what: 'two headers of one name: the later one wins', text: '[profile a]\nx=1\ny=1\n[profile "a"]\nx=2\n', profiles: ['a'] },
    { what: '[default] and [profile default]', text: '[default]\nx=1\n[profile default]\nx=2\n', profiles: ['default'] },
    { what: '[profile default] and [default]', text: '[profile default]\nx=1\n[default]\nx=2\n', profiles: ['default'] },
    { what: 'indented settings', text: '[profile a]\n    region = x\n    output = json\n', profiles: ['a'] },
    { what: 'sub-keys', text: '[profile a]\ns3 =\n  addressing_style = path\n  max = 4\nregion = x\n', profiles: ['a'] },
    {
      what: 'sub-keys with comments and blank lines',
      text: '[profile a]\ns3 =\n  # one\n  a = b\n\n  ; two\n  c = d\n',
      profiles: ['a'],
    },
    {
      what: 'a policy over several lines',
      text: '[profile a]\npolicy = {\n  "Version": "2012-10-17",\n\n  "Statement": []\n  }\n',
      profiles: ['a'],
    },
    {
      what: 'an indented header that continues a value',
      text: '[profile a]\nregion = x\n  [profile b]\n  region = y\n',
      profiles: ['a'],
    },
    { what: 'an indented header after a bare one', text: '[profile a]\n  [profile b]\n  region = y\n', profiles: ['a', 'b'] },
    { what: 'a comment behind a header', text: '[profile a] ; mine\nregion = x ; not a comment\n', profiles: ['a'] },
    { what: 'colons as delimiters', text: '[profile a]\nregion: x\nurl : https://a=b\n', profiles: ['a'] },
    { what: 'delimiters right behind a short key', text: '[profile a]\nx=a:b\ny:a=b\nlong:\nz ==\n', profiles: ['a'] },
    { what: 'lines that only begin with a bracket', text: '[profile a]\n[x = 1\n] = 2\n  [b]\n[c: 3\n', profiles: ['a'] },
    { what: 'upper-case keys', text: '[profile a]\nRegion = x\nAWS_ACCESS_KEY_ID = A\n', profiles: ['a'] },
    {
      what: '[DEFAULT] is inherited',
      text: '[DEFAULT]\nregion = x\n[profile a]\noutput = json\n[profile b]\nregion = y\n',
      profiles: ['a', 'b'],
    },
    { what: '[DEFAULT] at the end, twice', text: '[profile a]\nx = 1\n[DEFAULT]\ny = 2\n[DEFAULT]\nz = 3\n', profiles: ['a'] },
    {
      what: 'broken sub-keys in [DEFAULT] that nobody inherits',
      text: '[DEFAULT]\ns3 =\n  x\n[profile a]\ns3 = y\n',
      profiles: ['a'],
    },
    { what: 'a header of one word', text: '[profile]\nx=1\n[profile a b]\nx=1\n[profile "open]\nx=1\n', profiles: [] },
    { what: 'headers that only start like ours', text: '[profilesque a]\nx=1\n[servicesx b]\nx=1\n', profiles: ['a'] },
    { what: 'two headers in one line', text: '[profile a][profile b]\nx=1\n[profile c]\nx=1\n', profiles: ['c'] },
    { what: 'an empty file', text: '', profiles: [] },
    { what: 'only comments', text: '# nothing\n\n   ; here\n', profiles: [] },
    { what: 'an empty key of a sub-key', text: '[profile a]\ns3 =\n  = x\n', profiles: ['a'] },
    { what: 'a section of 5,000 lines', text: `[profile a]\n${manySettings(5_000)}[profile b]\nx = 1\n`, profiles: ['a', 'b'] },
  ];

  it.each(cases)('parseConfigFile reads $what', ({ text, profiles }) => {
    expect(sectionNames(parseConfigFile(text, 'file'), 'profile')).toEqual(profiles);
  });

  it('parseConfigFile agrees with botocore on all of them', () => {
    const files = cases.map(({ text }) => ({ kind: 'config' as const, text }));
    const { answers } = askBotocore(files);
    for (const [index, file] of files.entries()) expect(ourReading(file), cases[index]?.what).toEqual(answers[index]?.parsed);
  });
});

describe('malformed files', () => {
  const cases: readonly { readonly text: string; readonly line: number; readonly problem: string }[] = [
    { text: 'region = x\n', line: 1, problem: 'it stands before the first [section]' },
    { text: '# a\n\n  region\n[default]\n', line: 3, problem: 'it stands before the first [section]' },
    { text: '[default]\nregion = x\nsecretsecret\n', line: 3, problem: 'it is neither "key = value" nor "[section]"' },
    { text: '[default\nregion = x\n', line: 1, problem: 'it stands before the first [section]' },
    { text: '[a]\nx = 1\n[]\n', line: 3, problem: 'it is neither "key = value" nor "[section]"' },
    { text: '[a]\nx = 1\n\n[b]\n= 1\n', line: 5, problem: 'there is no key before the delimiter' },
    { text: '[a]\nx=1\n[b]\n\n[a]\ny=1\n', line: 5, problem: 'section [a] is already in line 1' },
    { text: '[a]\nX: 1\n[b]\n[a]\nY: 1\n', line: 4, problem: 'section [a] is already in line 1' },
    { text: '[a]\r\nx=1\r\nX : 2\r\n', line: 3, problem: '"x" is already in line 2 of section [a]' },
    { text: '[a]\n[DEFAULT]\nx=1\n[b]\n[DEFAULT]\nx=2\n', line: 6, problem: '"x" is already in line 3 of section [DEFAULT]' },
    {
      text: '[a]\ns3 =\n\n  b = c\n  secretsecret\n',
      line: 5,
      problem: 'it is not "key = value", as lines indented below "s3" must be',
    },
    {
      text: '[a]\ns3 =\n  b = c\n  secretsecret\n',
      line: 4,
      problem: 'it is not "key = value", as lines indented below "s3" must be',
    },
    {
      text: '[DEFAULT]\ns3=\n x\n[a]\ns3=1\n[b]\n',
      line: 3,
      problem: 'it is not "key = value", as lines indented below "s3" must be',
    },
    { text: '[DEFAULT]\rs3 =\r  x\r[a]\r', line: 3, problem: 'it is not "key = value", as lines indented below "s3" must be' },
    { text: '[a]\nx = 1\n[b]\nx = 1\ny = 2\nx = 3\n[c]\n', line: 6, problem: '"x" is already in line 4 of section [b]' },
  ];

  it.each(cases)('parseConfigFile names line $line: $problem', ({ text, line, problem }) => {
    expect(() => parseConfigFile(text, '/home/a/.aws/config')).toThrow(
      expect.objectContaining({ code: 'config-malformed', details: { path: '/home/a/.aws/config', line, problem } }),
    );
  });

  it('parseConfigFile refuses nothing of these that botocore reads', () => {
    const { answers } = askBotocore(
      cases.flatMap(({ text }) => [
        { kind: 'config', text },
        { kind: 'credentials', text },
      ]),
    );
    expect(answers.filter(({ refused }) => refused === undefined)).toEqual([]);
  });
});

describe('where we differ from botocore on purpose', () => {
  it('parseConfigFile skips a BOM, which botocore refuses', () => {
    const text = '\ufeff[profile dev]\nregion = x\n';
    expect(askBotocore([{ kind: 'config', text }]).answers[0]?.refused).toContain('Unable to parse');
    expect(findSection(parseConfigFile(text, 'file'), 'profile', 'dev')?.settings.get('region')).toMatchObject({
      value: 'x',
      line: 2,
    });
  });

  it('parseConfigFile reads any file with a BOM as it reads it without', () => {
    fc.assert(
      fc.property(configText, (text) => {
        const files = [text, `\ufeff${text}`].map((each) => ourReading({ kind: 'config', text: each }));
        expect(files[1]).toEqual(files[0]);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('parseConfigFile knows [rolekeeper] and [rolekeeper NAME], which need the blank that [profile NAME] does not', () => {
    const file = parseConfigFile(
      '[rolekeeper]\nstore = age\n[rolekeeper dev]\nx=1\n[rolekeeper "my name"]\nx=2\n[rolekeeperx y]\n[rolekeeper a b]\n',
      'file',
    );
    expect(file.sections.map(({ type, name, line }) => [type, name, line])).toEqual([
      ['rolekeeper-settings', '', 1],
      ['rolekeeper', 'dev', 3],
      ['rolekeeper', 'my name', 5],
      ['other', 'rolekeeperx y', 7],
      ['other', 'rolekeeper a b', 8],
    ]);
    expect(findSection(file, 'rolekeeper-settings', '')?.settings.get('store')?.value).toBe('age');
  });
});

describe('lookups', () => {
  const text =
    '# top\n[profile dev]\nRegion = x\n\nservices = local\n[services local]\nsts =\n  endpoint_url = http://127.0.0.1:1\n';

  it('findSection gives values, lines and sub-keys', () => {
    const file = parseConfigFile(text, 'file');
    const sts = findSection(file, 'services', 'local')?.settings.get('sts');
    expect(findSection(file, 'profile', 'dev')?.settings.get('region')).toMatchObject({ key: 'region', value: 'x', line: 3 });
    expect(sts).toMatchObject({ value: '', line: 7 });
    expect(sts?.nested.get('endpoint_url')).toMatchObject({ value: 'http://127.0.0.1:1', line: 8 });
    expect(findSection(file, 'profile', 'local')).toBeUndefined();
  });

  it.each(['a', '"a"'])('sections come in file order, of two of one name only the later: [profile %s]', (name) => {
    const file = parseConfigFile(`[profile ${name}]\nx=1\n[c]\n[profile b]\n[profile 'a']\nx=2\n[sso-session b]\n`, 'file');
    expect(file.sections.map(({ type, name: own, line }) => [type, own, line])).toStrictEqual([
      ['other', 'c', 3],
      ['profile', 'b', 4],
      ['profile', 'a', 5],
      ['sso-session', 'b', 7],
    ]);
    expect(file.sections[2]).toBe(findSection(file, 'profile', 'a'));
    expect(findSection(file, 'services', 'b')).toBeUndefined();
  });

  it('parseCredentialsFile takes every header as a name', () => {
    const file = parseCredentialsFile('[default]\nx=1\n[profile dev]\nx=2\n[rolekeeper]\nx=3\n["q"]\nx=4\n', 'file');
    expect(sectionNames(file, 'profile')).toEqual(['default', 'profile dev', 'rolekeeper', '"q"']);
    expect(sectionNames(file, 'rolekeeper-settings')).toEqual([]);
  });

  it('findSection finds by what a header means, not by how it is written', () => {
    const stored = parseCredentialsFile('[dev]\nx=1\n[rolekeeper]\nx=2\n', 'file');
    expect(findSection(stored, 'profile', 'rolekeeper')).toMatchObject({ type: 'profile', name: 'rolekeeper', line: 3 });
    expect([findSection(stored, 'rolekeeper', 'dev'), findSection(stored, 'rolekeeper-settings', 'rolekeeper')]).toEqual([
      undefined,
      undefined,
    ]);
    const file = parseConfigFile('[rolekeeper]\nx=1\n', 'file');
    expect(findSection(file, 'rolekeeper-settings', '')).toMatchObject({ type: 'rolekeeper-settings', name: '', line: 1 });
    expect(findSection(file, 'rolekeeper-settings', 'rolekeeper')).toBeUndefined();
    const odd = parseConfigFile('[profile "a"]\nx=1\n', 'file');
    expect(findSection(odd, 'profile', 'a')).toMatchObject({ type: 'profile', name: 'a', line: 1 });
  });

  it('lines stay right whatever the order of the questions', () => {
    const file = parseConfigFile(
      Array.from({ length: 50 }, (_, n) => `[profile p${n}]\r\n\r\nregion = r${n}\r\n`).join(''),
      'file',
    );
    const lines = [49, 3, 17, 0].map((n) => findSection(file, 'profile', `p${n}`)?.settings.get('region')?.line);
    expect(lines).toEqual([150, 12, 54, 3]);
  });
});

describe('plain files', () => {
  it('give what they give when a header with a quote has them read line by line, and are never wrong', () => {
    const texts = [
      ...fc.sample(plainText, { numRuns: 6_000, seed }),
      ...fc.sample(configText, { numRuns: 1_000, seed: seed + 4 }),
    ];
    const plainTexts = texts.filter(isPlainFile);
    expect(plainTexts.length).toBeGreaterThan(1_000);
    for (const text of plainTexts) {
      const oddText = `${text}\n['odd']\n`;
      expect(isPlainFile(oddText)).toBe(false);
      for (const parse of [parseConfigFile, parseCredentialsFile]) {
        expect(lookups(parse(text, 'file')), JSON.stringify(text)).toEqual(lookups(parse(oddText, 'file')));
      }
    }
  });

  // It was taken for two sections, so that profile a was found, which AWS's clients do not know.
  it('have no line with two headers', () => {
    const text = '[profile a][profile b]\nregion = x\n[profile c]\nregion = x\n';
    expect(isPlainFile(text)).toBe(false);
    expect(findSection(parseConfigFile(text, 'file'), 'profile', 'a')).toBeUndefined();
  });

  // The mark hid the first of the two.
  it('have no header twice, with a mark at the start or without', () => {
    for (const mark of ['', '\ufeff']) expect(isPlainFile(`${mark}[profile a]\n[profile a]\n`)).toBe(false);
  });

  it('are most of what people have: comments, sub-keys, Windows newlines and a BOM do not matter', () => {
    const text =
      '\ufeff# mine\r\n\r\n[default]\r\nregion = x\r\ns3 =\r\n  a = b\r\n\r\n[profile dev] ; note\r\nregion=y # z\r\n[rolekeeper]\r\n';
    expect(isPlainFile(text)).toBe(true);
    expect(findSection(parseConfigFile(text, 'file'), 'profile', 'default')?.line).toBe(3);
    expect(isPlainFile('')).toBe(true);
  });

  it('take time that grows with their length, whatever is in them', () => {
    const long = ['[a]\n'.repeat(200_000), `[a]\n${'k = v\n'.repeat(200_000)}`, `[a]\ns =\n${'  k = v\n'.repeat(200_000)}`];
    const startedAt = performance.now();
    for (const text of [
      ...long,
      `[${'a'.repeat(1_000_000)}`,
      `[a]\n${' '.repeat(1_000_000)}`,
      `[a]\nk${' '.repeat(1_000_000)}x`,
    ]) {
      isPlainFile(text);
      isPlainFile(`${text}\n"`);
    }
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

/** Compares our reading with botocore's; also that the generator makes enough files of either ending. */
function compare(cases: readonly BotocoreCase[]): void {
  const { answers } = askBotocore(cases);
  let refused = 0;
  for (const [index, one] of cases.entries()) {
    const theirs = answers[index];
    if (theirs?.refused !== undefined) refused += 1;
    const where = `seed ${seed}, file ${index}: ${JSON.stringify(one.text)} (botocore: ${theirs?.refused ?? 'reads it'})`;
    expect(ourReading(one), where).toEqual(theirs?.parsed ?? 'refused');
  }
  expect(refused).toBeGreaterThan(cases.length * 0.15);
  expect(refused).toBeLessThan(cases.length * 0.75);
}

/** Lines of which many files are plain and many just not. */
const plainText = fc
  .tuple(
    fc.array(
      fc.constantFrom(
        ...[
          '[default]',
          '[profile default]',
          '[dev]',
          '[profile dev]',
          '[profile prod] ; note',
          '[rolekeeper]',
          '[rolekeeper dev]',
        ],
        ...[
          '[services local]',
          '[profilesque dev]',
          '[DEFAULT]',
          ' [dev]',
          '[sso-session corp]\t',
          'region = x',
          'region=y',
          's3 =',
        ],
        ...[
          's3 =',
          '  a = b',
          '\tsub.key = c',
          '  sub =',
          'mfa_serial = a [dev]',
          'role_arn =',
          '',
          '',
          '# note',
          '; [profile no]',
          '  # in',
        ],
      ),
      { maxLength: 10 },
    ),
    fc.constantFrom('\n', '\n', '\r\n'),
    fc.constantFrom('', '', '', '\ufeff', '# first\n\n'),
  )
  .map(([lines, newline, start]) => start + ['[profile first]', ...lines].join(newline));

/** What one can be told about a file by name, with every name that our generators have. */
function lookups(file: ReturnType<typeof parseConfigFile>): unknown {
  const types: readonly SectionType[] = ['profile', 'sso-session', 'services', 'rolekeeper', 'rolekeeper-settings', 'other'];
  const names = ['default', 'profile default', 'dev', 'profile dev', 'prod', 'corp', 'local', 'first', 'my name', '', 'a\nb'];
  return types.flatMap((type) =>
    names.map((name) => {
      const section = findSection(file, type, name);
      return section && [type, name, section.line, [...section.settings.values()].map((one) => [one, [...one.nested.values()]])];
    }),
  );
}

/** Our reading in botocore's shape. */
function ourReading({ kind, text }: BotocoreCase): unknown {
  try {
    if (kind === 'config') return asLoadConfig(parseConfigFile(text, 'file').sections);
    return Object.fromEntries(parseCredentialsFile(text, 'file').sections.map((section) => [section.name, plain(section)]));
  } catch (error) {
    if (error instanceof AppError && error.code === 'config-malformed') return 'refused';
    throw error;
  }
}

function asLoadConfig(sections: readonly Section[]): unknown {
  const named = (type: SectionType) =>
    Object.fromEntries(sections.filter((section) => section.type === type).map((section) => [section.name, plain(section)]));
  const others = Object.entries(named('other')).filter(([header]) => !isDropped(header));
  const settings = sections.find(({ type }) => type === 'rolekeeper-settings');
  return {
    ...Object.fromEntries(others),
    ...(settings === undefined ? {} : { rolekeeper_settings: plain(settings) }),
    profiles: named('profile'),
    sso_sessions: named('sso-session'),
    services: named('services'),
    rolekeeper: named('rolekeeper'),
  };
}

/** botocore forgets headers of these kinds that name nothing; we keep them as "other". */
function isDropped(header: string): boolean {
  return ['profile', 'sso-session', 'services'].some((prefix) => header.startsWith(prefix));
}

function plain(section: Section): unknown {
  return Object.fromEntries(
    [...section.settings.values()].map(({ key, value, nested }) => [
      key,
      nested.size === 0 ? value : Object.fromEntries([...nested.values()].map((inner) => [inner.key, inner.value])),
    ]),
  );
}

function manySettings(count: number): string {
  return Array.from({ length: count }, (_, index) => `key_${index} = value\n`).join('');
}
