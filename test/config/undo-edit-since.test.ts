// Undoing in files that were changed since: small ones, each byte of the outcome compared.

import { describe, expect, it } from 'vitest';
import { recordEdit } from '../../src/config/edit-record.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { changedLine, undoEdit } from '../../src/config/undo-edit.ts';
import { Secret } from '../../src/credentials/secret.ts';

const corp = parseProfileName('corp');
const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG') };

/** What an edit made of a text, and what became of that. */
interface Story {
  readonly before: string;
  readonly after: string;
  readonly now: string;
}

function undone({ before, after, now }: Story, profile = corp): string | undefined {
  return undoEdit(now, recordEdit('f', { before, after }), { profile });
}

describe('the keys', () => {
  const before = `[corp]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey.reveal()}\n`;
  const record = recordEdit('f', { before, after: '' }, keys);

  it('undoEdit does not bring lines back without the keys in them', () => {
    expect(undoEdit('', record, { keys, profile: corp })).toBe(before);
    expect(undoEdit('', record, { profile: corp })).toBeUndefined();
  });

  it('undoEdit copies a secret of another profile from where it is, and gives up where that is gone', () => {
    const moved = 'a = 1\nb = 2\nc = 3\nd = 4\n';
    const token = '[x]\naws_session_token = T\n';
    const texts = { before: `[corp]\n${moved}${token}`, after: `[corp]\n${token}[rolekeeper corp]\n${moved}` };
    const copying = recordEdit('f', texts);
    expect(copying.steps).toContainEqual({ copy: 2 });
    const since = texts.after.replace('[corp]\n', '[corp]\n# since\n');
    expect(undoEdit(since, copying, { profile: corp })).toBe(`[corp]\n# since\n${moved}${token}`);
    expect(undoEdit(texts.after.replace('= T', '= U'), copying, { profile: corp })).toBeUndefined();
  });
});

describe('a line that came in', () => {
  const before = '[profile corp]\nregion = x\n\n[profile dev]\noutput = json\n';
  const own = 'credential_process = /x/rolekeeper get corp\n';
  const after = before.replace('region = x\n', `region = x\n${own}`);

  it.each([
    ['another path', own, 'credential_process = /new/rolekeeper get corp\n'],
    ['another path and no blanks', own, 'credential_process=/new/rolekeeper get corp\n'],
    ['another path and a colon', own, '  credential_process\t: "/new/rolekeeper" get corp\n'],
    ['a comment with the old one above', 'region = x\n', `region = x\n# ${own}`],
    [
      'a comment with another path above',
      `region = x\n${own}`,
      `region = x\n# /new\ncredential_process = /new/rolekeeper get corp\n`,
    ],
    ['a second line of its own elsewhere', 'output = json\n', 'output = json\ncredential_process = /new/rolekeeper get corp\n'],
    ['the header above', '[profile corp]\nregion = x\n', '[profile "corp"]\nregion = x\n'],
    ['the line of another profile', 'output = json\n', 'output = json\ncredential_process = /x/rolekeeper get dev\n'],
  ])('undoEdit takes it out after a change to %s', (_what, part, changed) => {
    const now = after.replace(part, changed);
    expect(now).not.toBe(after);
    const expected = now.replace(/^ *credential_process.*get corp\n/m, '');
    expect(undone({ before, after, now })).toBe(expected);
  });

  it.each([
    [
      'it is there twice, both written anew',
      (now: string) => `${now.replace(own, own.replace('/x', '/y'))}${own.replace('/x', '/z')}`,
    ],
    ['it is there twice', (now: string) => now.replace(own, own + own.replace('/x/rolekeeper', '/bin/other'))],
    ['it runs another program', (now: string) => now.replace('/x/rolekeeper', '/x/other')],
    ['it runs rolekeeper for another profile', (now: string) => now.replace('get corp', 'get dev')],
    ['it is a comment', (now: string) => now.replace(own, `# ${own}`)],
    ['it was moved to another profile', (now: string) => `${now.replace(own, '')}${own}`],
    ['a setting that continues it came behind it', (now: string) => now.replace(own, `${own}  --debug\n`)],
    ['a comment, and what continues it, came behind it', (now: string) => now.replace(own, `${own}; c\n  --debug\n`)],
    ['the file is malformed', (now: string) => `${now}[profile dev]\n`],
    ['the file was malformed in place of another line', (now: string) => now.replace('output = json', 'output')],
  ])('undoEdit gives up where %s', (_what, change) => {
    expect(change(after)).not.toBe(after);
    expect(undone({ before, after, now: change(after) })).toBeUndefined();
  });

  it('undoEdit takes no new line elsewhere for one of its own', () => {
    const old = '[profile corp]\nmfa_serial = S\nregion = x\n\n[profile dev]\n';
    const edited = old.replace('mfa_serial = S\n', '').replace('region = x\n', `region = x\n${own}`);
    const added = 'credential_process = /new/rolekeeper get corp\n';
    expect(undone({ before: old, after: edited, now: edited + added })).toBe(old + added);
  });

  it('undoEdit gives up where it was moved among the lines of its profile', () => {
    const [header, settings] = ['[profile corp]\n', 'a = 1\nb = 2\nc = 3\n'];
    const story = { before: header + settings, after: header + settings + own, now: header + own + settings };
    expect(undone(story)).toBeUndefined();
  });

  it.each([
    ['a setting', 'output = text\n'],
    ['a comment and a setting', '\n  ; c\n# d\noutput = text\n'],
    ['a header', '[profile new]\n'],
    ['a comment alone', '# c\n'],
  ])('undoEdit takes it out where %s came behind it', (_what, lines) => {
    expect(undone({ before, after, now: after.replace(own, own + lines) })).toBe(before.replace('x\n', `x\n${lines}`));
  });

  it('undoEdit takes out the line of a twin that asks for the profile beside it', () => {
    const twin = parseProfileName('dev-rk');
    const added = `${before}\n[profile dev-rk]\ncredential_process = /x/rolekeeper get dev\n`;
    const now = added.replace('/x/', '/new/');
    expect(undone({ before, after: added, now }, twin)).toBe(before);
    expect(undone({ before, after: added, now: now.replace('get dev', 'get de') }, twin)).toBeUndefined();
    expect(undone({ before, after: added, now: now.replace('get dev', 'get dev-rk') }, twin)).toBe(before);
    const both = now.replace('json\n', 'json\ncredential_process = /y/rolekeeper get dev-rk\n');
    expect(undone({ before, after: added, now: both }, twin)).toBeUndefined();
  });
});

describe('a line that went out', () => {
  const before = '# top\n[corp]\nx = 1\ny = 2\n[b]\nz = 3';
  const after = '# top\n[corp]\ny = 2\n[b]\nz = 3';

  it.each([
    ['a comment at the start', '# since\n# top\n[corp]\ny = 2\n[b]\nz = 3', '# since\n# top\n[corp]\nx = 1\ny = 2\n[b]\nz = 3'],
    ['a line above', '# other\n# new\n[corp]\ny = 2\n[b]\nz = 3', '# other\n# new\n[corp]\nx = 1\ny = 2\n[b]\nz = 3'],
    ['another section', '# top\n[corp]\ny = 2\n[b]\nz = 4', '# top\n[corp]\nx = 1\ny = 2\n[b]\nz = 4'],
    ['the setting behind it', '# top\n[corp]\ny = 5\n[b]\nz = 3', '# top\n[corp]\nx = 1\ny = 5\n[b]\nz = 3'],
    ['the end', '# top\n[corp]\ny = 2\n', '# top\n[corp]\nx = 1\ny = 2\n'],
  ])('undoEdit puts it back after a change of %s', (_what, now, expected) => {
    expect(undone({ before, after, now })).toBe(expected);
  });

  it.each([
    ['the header above it is another', '# top\n[corp2]\ny = 2\n[b]\nz = 3'],
    ['the header above it is gone', '# top\n'],
    ['it is there again', '# top\n[corp]\nx = 4\ny = 2\n[b]\nz = 3'],
  ])('undoEdit gives up where %s', (_what, now) => {
    expect(undone({ before, after, now })).toBeUndefined();
  });

  it('undoEdit puts no comment back where what it stood below is gone', () => {
    const story = { before: '[corp]\n# mine\ny = 2\n', after: '[corp]\ny = 2\n' };
    expect(undone({ ...story, now: '[corp2]\ny = 2\n' })).toBeUndefined();
    expect(undone({ before: '# a\n# b\n# c\n', after: '# a\n# c\n', now: '# x\n# y\n' })).toBeUndefined();
  });

  it('undoEdit puts a first line back at the start', () => {
    const story = { before: '# mine\n[corp]\nx = 1\n', after: '[corp]\nx = 1\n' };
    expect(undone({ ...story, now: '[corp]\nx = 2\n' })).toBe('# mine\n[corp]\nx = 2\n');
  });

  it('undoEdit puts no line before another that would then stand in the same one', () => {
    const story = { before: '[corp]\nx = 1', after: '[corp]\n' };
    expect(undone({ ...story, now: '[corp]\n# since\n' })).toBeUndefined();
    expect(undone({ ...story, now: '# since\n[corp]\n' })).toBe('# since\n[corp]\nx = 1');
  });
});

describe('a section that came in, and was moved since', () => {
  const other = '[profile dev]\nregion = x\noutput = json\ncli_pager =\n';
  const section = '[rolekeeper corp]\nmfa_serial = S\n';
  const after = `${other}\n${section}`;

  it.each([
    ['to the start', `${section}${other}`, other],
    ['to the start, with a blank line behind', `${section}\n${other}`, `\n${other}`],
    ['with the blank line above', `[a]\n\n${section}${other}`, `[a]\n${other}`],
    ['without a blank line above', `[a]\n${section}${other}`, `[a]\n${other}`],
    ['twice', `${section}${other}${section.replace('[', '[ ')}`, `${other}${section.replace('[', '[ ')}`],
  ])('undoEdit takes it out: %s', (_where, now, expected) => {
    expect(undone({ before: other, after, now })).toBe(expected);
  });

  it.each([
    ['with another setting in it', `${section}session = none\n${other}`],
    ['with another line above its setting', `${section.replace('\n', '\n# c\n')}${other}`],
    ['without its header', `[x]\nmfa_serial = S\n${other}`],
    ['twice', `${section}${other}${section}`],
  ])('undoEdit gives up where it was moved %s', (_how, now) => {
    expect(undone({ before: other, after, now })).toBeUndefined();
  });

  it.each([
    ['a section that took the place of another line', { before: `${other}# gone\n`, after, now: `${section}${other}` }],
    [
      'a line and a section that has the same line, with one of them gone',
      {
        before: '[p]\n[q]\ny = 2\n',
        after: '[p]\nx = 1\n[q]\ny = 2\n\n[rolekeeper corp]\nx = 1\n',
        now: '[rolekeeper corp]\nx = 1\n[q]\ny = 2\n',
      },
    ],
    ['a blank line', { before: '[a]\n', after: '\n[a]\n', now: '[a]\n' }],
    ['a section that is nowhere', { before: '', after: section, now: '# c\n' }],
    [
      'a section with a new setting, which would fall to the one above',
      { before: '[profile corp]\n', after: `[profile corp]\n\n${section}`, now: `[profile corp]\n\n${section}session = none\n` },
    ],
  ])('undoEdit gives up for %s', (_what, story) => {
    expect(undone(story)).toBeUndefined();
  });

  it('undoEdit knows the comments of a Windows file, behind which the next section begins', () => {
    const story = { before: '[a]\r\n', after: '[a]\r\n\r\n[rolekeeper corp]\r\n' };
    const added = '# c\r\n \r\n; d\r\n[b]\r\n';
    expect(undone({ ...story, now: `${story.after}${added}` })).toBe(`[a]\r\n${added}`);
  });

  it('undoEdit knows the blank line of a Windows file, and leaves one that was not the own', () => {
    const dos = (text: string) => text.replaceAll('\n', '\r\n');
    const now = `[a]\n\n${section}${other}`;
    expect(undone({ before: dos(other), after: dos(after), now: dos(now) })).toBe(dos(`[a]\n${other}`));
    expect(undone({ before: other, after: `${section}${other}`, now: `${other}\n${section}` })).toBe(`${other}\n`);
  });

  it('undoEdit takes a section out that was moved above what else came in', () => {
    const before = `[profile corp]\n${other}`;
    const own = 'credential_process = rolekeeper get corp\n';
    const edited = `[profile corp]\n${own}${other}\n${section}`;
    expect(undone({ before, after: edited, now: `${section}[profile corp]\n${own}${other}` })).toBe(before);
    expect(undone({ before, after: edited, now: `[a]\n[profile corp]\n${own}${section}${other}` })).toBe(`[a]\n${before}`);
  });
});

describe('sections of others', () => {
  // The line above what went out was moved into another section; what comes back would follow it there.
  const moved = (header: string): Story => ({
    before: '[profile corp]\noutput = json\nmfa_serial = S\n',
    after: '[profile corp]\noutput = json\n',
    now: `[profile a]\n${header}\noutput = json\n`,
  });

  it.each(['[profile dev]', '[services corp]', '[sso-session corp]', '[corp2]', '[rolekeeper]'])(
    'undoEdit leaves %s alone',
    (header) => {
      expect(undone(moved(header))).toBeUndefined();
    },
  );

  it.each(['[profile corp] # c', '[profile "corp"]', '[rolekeeper corp]', '[corp]'])('undoEdit puts lines into %s', (header) => {
    expect(undone(moved(header))).toBe(`[profile a]\n${header}\noutput = json\nmfa_serial = S\n`);
  });

  it.each([
    ['would lose a section', { before: '', after: '[a]\n', now: '# c\n[a]\n' }],
    ['would get a section', { before: '[a]\n', after: '', now: '# c\n' }],
    ['would lose a setting', { before: '[a]\n', after: '[a]\nx = 1\n', now: '# c\n[a]\nx = 1\n' }],
    ['would get another value', { before: '[a]\nx = 1\n', after: '[a]\nx = 2\n', now: '# c\n[a]\nx = 2\n' }],
    ['would get another key', { before: '[a]\ny = 2\n', after: '[a]\nx = 2\n', now: '# c\n[a]\nx = 2\n' }],
  ])('undoEdit gives up where another profile %s', (_what, story) => {
    expect(undone(story)).toBeUndefined();
    expect(undone({ ...story, now: story.after })).toBe(story.before);
  });
});

describe('changedLine', () => {
  const before = '[profile corp]\nregion = x\n[profile dev]\n';
  const after =
    '[profile corp]\nregion = x\ncredential_process = p\n[profile dev]\n\n[rolekeeper corp]\nmfa_serial = S\nkeys = k\n';

  it.each([
    ['nothing was changed', after, 1],
    ['the first own line was changed', after.replace('= p', '= q'), 3],
    ['the first own line was changed, below another new one', `# top\n${after.replace('= p', '= q')}`, 4],
    ['the first own line is gone', after.replace('credential_process = p\n', ''), 3],
    ['a later own line was changed', after.replace('= S', '= T'), 7],
    ['what stands above the first own line was changed, too', after.replace('= x', '= y').replace('= p', '= q'), 2],
    ['the last own line was changed', after.replace('= k', '= l'), 8],
    ['the last own line is gone', after.replace('keys = k\n', ''), 7],
    ['a line stands between', after.replace('mfa_serial', '# since\nmfa_serial'), 7],
    ['the first line of several is gone', after.replace('\n\n', '\n'), 5],
    ['all is gone', '', 1],
    ['all is other', 'a\nb\n', 1],
  ])('changedLine where %s', (_what, now, line) => {
    expect(changedLine(now, recordEdit('f', { before, after }))).toBe(line);
  });
});
