import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import {
  moveSettings,
  removeBareSection,
  removeKeysFromCredentials,
  removeSection,
  removeSetting,
  type SectionName,
  setSetting,
} from '../../src/config/config-edit.ts';
import { AppError } from '../../src/errors.ts';
import { configText } from './config-file-arbitrary.ts';

const path = '/home/alice/.aws/config';
const dev: SectionName = { type: 'profile', name: 'dev' };
const recipe: SectionName = { type: 'rolekeeper', name: 'dev' };
const seed = Number(process.env['ROLEKEEPER_TEST_SEED'] ?? 20_260_724);

describe('setSetting', () => {
  const cases = [
    {
      what: 'replaces a value where it stands',
      before: '[profile dev]\nregion =\t a  \noutput=x\n',
      after: '[profile dev]\nregion =\t b  \noutput=x\n',
    },
    { what: 'keeps the case of the key and the delimiter', before: '[profile dev]\nRegion:a', after: '[profile dev]\nRegion:b' },
    { what: 'fills an empty value', before: '[profile dev]\nregion = \n', after: '[profile dev]\nregion = b\n' },
    {
      what: 'adds behind the last setting',
      before: '[profile dev]\nx = 1\n\n# next\n[profile b]\n',
      after: '[profile dev]\nx = 1\nregion = b\n\n# next\n[profile b]\n',
    },
    {
      what: 'adds behind sub-keys',
      before: '[profile dev]\ns3 =\n  a = b\n\n  c = d\n[x]\n',
      after: '[profile dev]\ns3 =\n  a = b\n\n  c = d\nregion = b\n[x]\n',
    },
    {
      what: 'adds to a bare header, below its comments',
      before: '[profile dev]\n# why\n',
      after: '[profile dev]\n# why\nregion = b\n',
    },
    {
      what: 'adds as far in as the neighbour',
      before: '[profile dev]\n\tx = 1\n',
      after: '[profile dev]\n\tx = 1\n\tregion = b\n',
    },
    {
      what: 'adds without a final newline where there was none',
      before: '[profile dev]\nx = 1',
      after: '[profile dev]\nx = 1\nregion = b',
    },
    { what: 'keeps Windows newlines', before: '[profile dev]\r\nx = 1\r\n', after: '[profile dev]\r\nx = 1\r\nregion = b\r\n' },
    {
      what: 'finds a quoted header with a comment',
      before: '[profile "dev"] ; mine\nx=1\n',
      after: '[profile "dev"] ; mine\nx=1\nregion = b\n',
    },
    {
      what: 'adds a missing section at the end',
      before: '[profile a]\nx = 1\n',
      after: '[profile a]\nx = 1\n\n[profile dev]\nregion = b\n',
    },
    {
      what: 'adds a missing section as the file ends',
      before: '[a]\r\nx = 1',
      after: '[a]\r\nx = 1\r\n\r\n[profile dev]\r\nregion = b',
    },
    { what: 'adds a missing section behind a comment', before: '# mine', after: '# mine\n\n[profile dev]\nregion = b' },
    { what: 'writes the first section of a file', before: '', after: '[profile dev]\nregion = b\n' },
    { what: 'keeps a BOM', before: '\ufeff', after: '\ufeff[profile dev]\nregion = b\n' },
    {
      what: 'adds as far in as a header without settings',
      before: '  [profile dev]\n',
      after: '  [profile dev]\n  region = b\n',
    },
    {
      what: 'adds above comments that lead to the next header',
      before: '[profile dev]\n# of b\n[b]\n',
      after: '[profile dev]\nregion = b\n# of b\n[b]\n',
    },
    {
      what: 'adds behind [DEFAULT]',
      before: '[DEFAULT]\nregion = a\n[profile dev]\n',
      after: '[DEFAULT]\nregion = a\n[profile dev]\nregion = b\n',
    },
  ];

  it.each(cases)('$what', ({ before, after }) => {
    expect(setSetting(before, path, dev, 'region', 'b')).toBe(after);
  });

  it('writes a key as it is given, and no blank behind an empty value', () => {
    expect(setSetting('[profile dev]\n', path, dev, 'Region', '')).toBe('[profile dev]\nRegion =\n');
    expect(setSetting('[profile dev]\nregion = a\n', path, dev, 'REGION', 'b')).toBe('[profile dev]\nregion = b\n');
  });

  it('writes headers as AWS reads them', () => {
    expect(setSetting('', path, { type: 'profile', name: 'default' }, 'x', '1')).toBe('[default]\nx = 1\n');
    expect(setSetting('', path, { type: 'profile', name: 'my name' }, 'x', '1')).toBe('[profile "my name"]\nx = 1\n');
    expect(setSetting('', path, recipe, 'x', '1')).toBe('[rolekeeper dev]\nx = 1\n');
    expect(setSetting('', path, { type: 'rolekeeper-settings', name: '' }, 'x', '1')).toBe('[rolekeeper]\nx = 1\n');
    expect(setSetting('', path, { type: 'credentials', name: 'my name' }, 'x', '1')).toBe('[my name]\nx = 1\n');
  });
});

describe('removeSetting', () => {
  const cases = [
    { what: 'takes one line', before: '[profile dev]\nx=1\nRegion = a\ny=2\n', after: '[profile dev]\nx=1\ny=2\n' },
    { what: 'takes sub-keys', before: '[profile dev]\nregion =\n  a = b\n  # c\n  d = e\ny=2\n', after: '[profile dev]\ny=2\n' },
    {
      what: 'leaves comments around it',
      before: '[profile dev]\n# one\nregion = a\n# two\n',
      after: '[profile dev]\n# one\n# two\n',
    },
    { what: 'leaves no final newline where there was none', before: '[profile dev]\r\nregion = a', after: '[profile dev]' },
    {
      what: 'leaves a text without the setting alone',
      before: '[profile dev]\nx=1\n[profile b]\nregion=a\n',
      after: '[profile dev]\nx=1\n[profile b]\nregion=a\n',
    },
    { what: 'leaves a text without the section alone', before: '[profile b]\nregion=a\n', after: '[profile b]\nregion=a\n' },
  ];

  it.each(cases)('$what', ({ before, after }) => {
    expect(removeSetting(before, path, dev, 'region')).toBe(after);
  });
});

describe('removeSection and removeBareSection', () => {
  const cases = [
    { what: 'at the end', before: '[profile a]\nx=1\n\n[profile dev]\ny=1\n', after: '[profile a]\nx=1\n' },
    {
      what: 'in the middle',
      before: '[a]\nx=1\n\n[profile dev]\n# in\ny=1\n\n# of b\n[b]\n',
      after: '[a]\nx=1\n\n# of b\n[b]\n',
    },
    { what: 'at the start', before: '[profile dev]\ny=1\n\n[b]\n', after: '[b]\n' },
    { what: 'without blank lines', before: '[a]\n[profile dev]\n[b]\n', after: '[a]\n[b]\n' },
    { what: 'below a line', before: '[a]\n\n# of dev\n[profile dev]\n[b]\n', after: '[a]\n\n# of dev\n[b]\n' },
    { what: 'with its blank line, of blanks', before: '[a]\n \t\n[profile dev]\n\n[b]\n', after: '[a]\n\n[b]\n' },
    { what: 'alone', before: '\ufeff[profile dev]\r\n', after: '\ufeff' },
    { what: 'that is not there', before: '[a]\n', after: '[a]\n' },
  ];

  it.each(cases)('removeSection takes a section $what', ({ before, after }) => {
    expect(removeSection(before, path, dev)).toBe(after);
  });

  it('removeBareSection leaves settings and comments alone', () => {
    const kept = [
      '[profile dev]\nx=1\n',
      '# top\n[profile dev]\n',
      '[profile dev] ; mine\n',
      '[profile dev]\n# in\n\n[b]\n',
      '[profile dev]\n# in',
    ];
    for (const text of kept) expect(removeBareSection(text, path, dev)).toBe(text);
  });

  it('removeBareSection leaves a text without the section alone', () => {
    expect(removeBareSection('[profile a]\n', path, dev)).toBe('[profile a]\n');
  });

  it('removeBareSection takes a section whose comments are those of the next', () => {
    expect(removeBareSection('[profile dev]\n# of b\n[b]\n', path, dev)).toBe('# of b\n[b]\n');
    expect(removeBareSection('[a]\n\n[profile dev]\n\n# nobody\n\n[b]\n', path, dev)).toBe('[a]\n\n# nobody\n\n[b]\n');
  });
});

describe('removeKeysFromCredentials', () => {
  const cases = [
    {
      what: 'takes the keys and the header of a section of keys',
      before: '[corp]\naws_access_key_id = A\naws_secret_access_key = S\n\n[home]\naws_access_key_id = B\n',
      after: '[home]\naws_access_key_id = B\n',
    },
    {
      what: 'takes keys of any case, and a token',
      before:
        '# mine\n\n[home]\nx=1\n\n[corp]\nAWS_Access_Key_Id=A\nAWS_SECRET_ACCESS_KEY:S\naws_session_token = T\n  T2\naws_security_token=T\n',
      after: '# mine\n\n[home]\nx=1\n',
    },
    {
      what: 'leaves other settings and their section',
      before: '[corp]\nregion = a\naws_access_key_id = A\noutput = b\naws_secret_access_key = S',
      after: '[corp]\nregion = a\noutput = b',
    },
    {
      what: 'leaves comments, and the header they belong to',
      before: '# work\n[corp]\n# rotated in May\naws_access_key_id = A\naws_secret_access_key = S # no comment\n\n[home]\n',
      after: '# work\n[corp]\n# rotated in May\n\n[home]\n',
    },
    {
      what: 'leaves nothing of a file that held nothing else',
      before: '[default]\r\naws_access_key_id=A\r\naws_secret_access_key=S\r\n',
      after: '',
      profile: 'default',
    },
    { what: 'leaves a profile without keys alone', before: '[corp]\n\n[home]\nx=1\n', after: '[corp]\n\n[home]\nx=1\n' },
    {
      what: 'leaves a file alone that has keys for all profiles, but not this one',
      before: '[DEFAULT]\naws_access_key_id = A\n[home]\n',
      after: '[DEFAULT]\naws_access_key_id = A\n[home]\n',
    },
    { what: 'leaves other profiles alone', before: '[home]\naws_access_key_id = A\n', after: '[home]\naws_access_key_id = A\n' },
  ];

  it.each(cases)('$what', ({ before, after, profile = 'corp' }) => {
    expect(removeKeysFromCredentials(before, path, profile)).toBe(after);
  });

  it('leaves no key of the profile, all comments, and every other profile as it was, in generated files', () => {
    fc.assert(
      fc.property(readable(configText), fc.nat(), (text, dice) => {
        const [profile, ...others] = rotated(
          parseCredentialsFile(text, path).sections.map(({ name }) => name),
          dice,
        );
        fc.pre(profile !== undefined);
        const edited = attempt(() => removeKeysFromCredentials(text, path, profile));
        if (edited === 'refused') return;
        const [before, after] = [parseCredentialsFile(text, path), parseCredentialsFile(edited, path)];
        const left = [...(after.find('profile', profile)?.settings.keys() ?? [])];
        expect(left.filter((key) => ['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token'].includes(key))).toEqual(
          [],
        );
        expect(others.map((name) => values(after.find('profile', name)))).toEqual(
          others.map((name) => values(before.find('profile', name))),
        );
        expect(isSubsequence(linesOf(edited), linesOf(text))).toBe(true);
      }),
      { seed, numRuns: 300 },
    );
  });
});

describe('moveSettings', () => {
  it('moves lines as they are, sub-keys included, and adds the section', () => {
    const before = '[profile dev]\nregion = x\nRole_Arn   = r\n# why\ns3 =\n  # in\n  a = b\nsource_profile:s\n\n[b]\n';
    const after =
      '[profile dev]\nregion = x\n# why\n\n[b]\n\n[rolekeeper dev]\nRole_Arn   = r\ns3 =\n  # in\n  a = b\nsource_profile:s\n';
    expect(moveSettings(before, path, dev, recipe, ['source_profile', 'role_arn', 's3', 'absent'])).toBe(after);
  });

  it('moves the last line of a file without a final newline', () => {
    const before = '[rolekeeper dev]\nx = 1\n\n[profile dev]\nregion = a\nrole_arn = r';
    expect(moveSettings(before, path, dev, recipe, ['role_arn'])).toBe(
      '[rolekeeper dev]\nx = 1\nrole_arn = r\n\n[profile dev]\nregion = a',
    );
  });

  it('finds settings whatever the case', () => {
    expect(moveSettings('[profile dev]\nRegion = x\n', path, dev, recipe, ['REGION'])).toBe(
      '[profile dev]\n\n[rolekeeper dev]\nRegion = x\n',
    );
  });

  it('leaves a text without these settings alone', () => {
    expect(moveSettings('[profile dev]\nx=1\n', path, dev, recipe, ['y'])).toBe('[profile dev]\nx=1\n');
    expect(moveSettings('[profile b]\ny=1\n', path, dev, recipe, ['y'])).toBe('[profile b]\ny=1\n');
  });
});

describe('edits of generated files', () => {
  it('setSetting of a new key is undone by removeSetting', () => {
    overSections((text, section) => [
      attempt(() => setSetting(text, path, section, 'new_key', 'new value')),
      (edited) => removeSetting(edited, path, section, 'New_Key'),
    ]);
  });

  it('setSetting of a new section is undone by removeSection', () => {
    overSections((text) => [
      attempt(() => setSetting(text, path, { type: 'profile', name: 'quite new' }, 'x', '1')),
      (edited) => removeSection(edited, path, { type: 'profile', name: 'quite new' }),
    ]);
  });

  it('setSetting of an old key is undone by setSetting', () => {
    overSections((text, section, dice) => {
      const own = values(parseConfigFile(text, path).find(section.type, section.name));
      const [key, old] = rotated(Object.entries(own), dice)[0] ?? ['x', ''];
      if (old === '' || text.includes('[DEFAULT]')) return ['refused', () => ''];
      return [
        attempt(() => setSetting(text, path, section, key, 'new')),
        (edited) => setSetting(edited, path, section, key, old),
      ];
    });
  });

  it('moveSettings of the last settings is undone by moving them back and removing the section', () => {
    const to: SectionName = { type: 'rolekeeper', name: 'quite new' };
    overSections((text, section, dice) => {
      const keys = Object.keys(values(parseConfigFile(text, path).find(section.type, section.name)));
      const last = keys.slice(dice % Math.max(keys.length, 1));
      if (last.length === 0 || text.includes('[DEFAULT]')) return ['refused', () => ''];
      const back = (edited: string) => removeSection(moveSettings(edited, path, to, section, last), path, to);
      return [attempt(() => moveSettings(text, path, section, to, last)), back];
    }, configText.map(withoutGaps));
  });
});

type Edit = (text: string, section: Section, dice: number) => readonly [string, (edited: string) => string];
type Section = Pick<ReturnType<typeof parseConfigFile>['sections'][number], 'type' | 'name'>;

/**
 * For generated files and one of their sections: the edit taken back gives the same bytes, every other section reads the same, and each
 * line of the one text is a line of the other. Most edits must be possible.
 */
function overSections(edit: Edit, texts = configText): void {
  const counts = { done: 0, refused: 0 };
  fc.assert(
    fc.property(readable(texts), fc.nat(), (text, dice) => {
      const before = parseConfigFile(text, path);
      const section = rotated(before.sections, dice)[0];
      fc.pre(section !== undefined);
      const [edited, undo] = edit(text, section, dice);
      counts[edited === 'refused' ? 'refused' : 'done'] += 1;
      if (edited === 'refused') return;
      expect(edited).not.toBe(text);
      const after = parseConfigFile(edited, path);
      for (const other of before.sections.filter(({ name, type }) => name !== section.name || type !== section.type)) {
        expect(values(after.find(other.type, other.name))).toEqual(values(other));
      }
      expect(undo(edited)).toBe(text);
    }),
    { seed, numRuns: 300 },
  );
  expect(counts.done).toBeGreaterThan(60);
}

function readable(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return texts.filter((text) => attempt(() => parseConfigFile(text, path).path) !== 'refused');
}

function attempt(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError && ['edit-refused', 'config-malformed'].includes(error.code)) return 'refused';
    throw error;
  }
}

function values(section: ReturnType<ReturnType<typeof parseConfigFile>['find']>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...(section?.settings.values() ?? [])].map(({ key, value, nested }) => [
      key,
      nested.size === 0 ? value : JSON.stringify([...nested.values()].map((inner) => [inner.key, inner.value])),
    ]),
  );
}

/** With one kind of newline, and without comments and blank lines, which stay where they are when the settings around them move. */
function withoutGaps(text: string): string {
  const newline = /\r\n|\r|\n/.exec(text)?.[0] ?? '\n';
  const lines = text.split(/\r\n|\r|\n/).filter((line) => !/^\s*([#;].*)?$/.test(line.replaceAll('\u001f', '')));
  return lines.join(newline) + (/[\r\n]$/.test(text) ? newline : '');
}

function rotated<T>(all: readonly T[], by: number): readonly T[] {
  const at = all.length === 0 ? 0 : by % all.length;
  return [...all.slice(at), ...all.slice(0, at)];
}

function linesOf(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const line of whole) if (line === part[at]) at += 1;
  return at === part.length;
}
