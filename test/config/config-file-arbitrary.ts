// Generators of config files as people, editors and tools leave them, the broken ones included.

import fc from 'fast-check';

const headers = [
  ...['default', 'profile default', 'profile dev', 'profile "dev"', 'profile prod', "profile 'prod'", 'profile "my name"'],
  ...[
    'profile my name',
    'profile',
    'profile ',
    'profiles',
    'profile  two  ',
    'profilesque odd',
    ' profile x',
    'profile a\\ b',
    'profile ""',
  ],
  ...[
    'profile "open',
    "profile o'brien",
    'profile ünïcode',
    'profile a#b',
    'profile "a\\"b"',
    'profile "a\\b"',
    "profile 'a\\'",
    'profile a\\',
  ],
  ...[
    'profile\tdev',
    'profile 部門',
    'profile a"b"c',
    'profile 😀',
    'profile a=b',
    'profile a:b',
    'profile [x]',
    'DEV',
    'Default',
    'default ',
  ],
  ...[
    'sso-session corp',
    'sso-session "corp"',
    'sso-session',
    'sso-session a b',
    'services local',
    "services 'local'",
    'services',
    'servicesx y',
  ],
  ...[
    'rolekeeper',
    'rolekeeper dev',
    'rolekeeper "dev"',
    'rolekeeper my dev',
    'rolekeeperx dev',
    ' rolekeeper',
    'rolekeeper ',
    'rolekeeper "x',
  ],
  ...['preview', 'plugins', 'toolkit x', 'corp', 'home', 'a]b', ']', '[', 'x]=y[', 'a] b = [c'],
];

const keys = [
  ...[
    'region',
    'Region',
    'role_arn',
    'source_profile',
    'mfa_serial',
    'external_id',
    'duration_seconds',
    'output',
    'credential_process',
  ],
  ...[
    'aws_access_key_id',
    'AWS_SECRET_ACCESS_KEY',
    'aws_session_token',
    'sso_start_url',
    's3',
    'sts',
    'services',
    'endpoint_url',
    'policy',
  ],
  ...['key with blanks', 'ключ', 'İ', 'a.b', '[x', '"quoted"', 'a]', 'cli_pager'],
];

const values = [
  ...[
    '',
    'eu-west-1',
    'arn:aws:iam::123456789012:role/Dev',
    'a = b',
    'x ; not a comment',
    'x # not a comment',
    '"quoted"',
    '%(x)s',
    '$HOME',
  ],
  ...[
    'https://example.com:8443/path?a=b',
    '/usr/local/bin/rolekeeper get dev',
    '{"Version": "2012-10-17"}',
    '[bracket]',
    '= =',
    'grün',
    '\ufeff',
  ],
  ...[
    'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    '\\',
    'back\\slash',
    'tab\tinside',
    'vt\vinside',
    'nel\u0085inside',
    'sep\u2028inside',
  ],
];

const blanks = ['', '', '', '', ' ', '\t', '  ', '\u00a0', '\f', '\u001f', '\u3000', '\v'];
const indents = ['', '', '', '', '', '', '', ' ', '  ', '    ', '\t', '\u00a0 '];
const delimiters = ['=', ' = ', ' = ', ' = ', '= ', ' =', ':', ' : ', '\t=\t', '\u00a0=\u3000', '=='];
const newlines = ['\n', '\n', '\n', '\n', '\r\n', '\r\n', '\r'];

/** A whole line without its end. */
const line = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(from(indents), from(keys), from(delimiters), from(values), from(blanks)).map(joined) },
  { weight: 3, arbitrary: fc.tuple(from(['  ', '    ', '\t', ' ']), from(keys), from(delimiters), from(values)).map(joined) },
  { weight: 1, arbitrary: fc.tuple(from(['  ', ' ', '\t']), from(values)).map(joined) },
  { weight: 2, arbitrary: fc.tuple(from(indents), from(['#', ';', '# ', '; a = b', '# [profile no]', '##'])).map(joined) },
  { weight: 3, arbitrary: from(blanks) },
);

const headerLine = fc
  .tuple(
    from(['', '', '', '', '', '', ' ', '  ', '\t']),
    from(headers),
    from(['', '', '', '', '', ' ', ' ; note', ' # note', ' junk', ' ]']),
  )
  .map(([indent, header, tail]) => `${indent}[${header}]${tail}`);

/** Sections with few enough repetitions and oddities that about half of the files are read. */
const tameSection = fc
  .tuple(
    headerLine,
    fc.uniqueArray(line, { maxLength: 6, selector: (text) => /^\s*([^=:]*)/.exec(text)?.[1]?.trim().toLowerCase() ?? '' }),
  )
  .map(([header, lines]) => [header, ...lines]);

const wildFile = fc
  .array(fc.oneof({ weight: 1, arbitrary: headerLine }, { weight: 4, arbitrary: line }), { maxLength: 14 })
  .map((lines) => lines);

const tameFile = fc
  .uniqueArray(tameSection, { maxLength: 6, selector: (lines) => lines[0]?.trim() ?? '' })
  .map((sections) => sections.flat());

const defaultsFile = fc
  .tuple(tameSection, fc.array(line, { maxLength: 3 }), tameSection, fc.boolean())
  .map(([first, defaults, second, isFirst]) =>
    isFirst ? ['[DEFAULT]', ...defaults, ...first, ...second] : [...first, '[DEFAULT]', ...defaults, ...second],
  );

/** The lines of a file with its newlines; one file in ten mixes them. */
function ended(lines: fc.Arbitrary<readonly string[]>): fc.Arbitrary<string> {
  return fc
    .tuple(lines, from(newlines), fc.boolean(), fc.array(from(newlines), { minLength: 16, maxLength: 16 }), fc.nat(9))
    .map(([all, newline, hasFinalNewline, mixed, dice]) => {
      const text = all.map((one, index) => one + (dice === 0 ? (mixed[index % 16] ?? '\n') : newline)).join('');
      return hasFinalNewline ? text : text.replace(/(\r\n|\r|\n)$/, '');
    });
}

/** One to three characters of a sound file are changed, as by a slip of the hand. */
const slipped = fc
  .tuple(
    ended(tameFile),
    fc.array(fc.tuple(fc.nat(), from(['', ' ', '\n', '\r', '=', '[', ']', '#', ';', ':', '"', '\t'])), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([text, slips]) =>
    slips.reduce((changed, [at, char]) => slip(changed, text === '' ? 0 : at % [...text].length, char), text),
  );

/** Any file without a BOM. */
export const configText: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: ended(tameFile) },
  { weight: 2, arbitrary: ended(wildFile) },
  { weight: 1, arbitrary: ended(defaultsFile) },
  { weight: 2, arbitrary: slipped },
);

export const headerText: fc.Arbitrary<string> = fc.oneof(
  from(headers),
  fc.array(from(['profile', 'a', ' ', '  ', '"', "'", '\\', '\t', 'é', '😀', 'rolekeeper', '#']), { maxLength: 8 }).map(joined),
);

function slip(text: string, at: number, char: string): string {
  const chars = [...text];
  chars.splice(at, char === '' ? 1 : 0, char);
  return chars.join('');
}

function joined(parts: readonly string[]): string {
  return parts.join('');
}

function from(choices: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...choices);
}
