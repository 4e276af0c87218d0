// adopt and release as edits: to the byte and back, the same answer from rolekeeper, nothing else changed for anybody.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Adoption, ordinaryRoles, planAdoption } from '../../src/config/adoption.ts';
import { findSection, parseConfigFile, parseCredentialsFile, sectionNames } from '../../src/config/aws-config.ts';
import { scanLines } from '../../src/config/aws-config-lines.ts';
import { removeSetting, setSetting } from '../../src/config/config-edit.ts';
import type { EditRecord } from '../../src/config/edit-record.ts';
import { isProfileName, type ProfileName, parseProfileName } from '../../src/config/names.ts';
import { processLine } from '../../src/config/process-line.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { applyChanges, splitProfile } from '../../src/config/role-pair.ts';
import { joinPair, recordPair, undoPairs } from '../../src/config/undo-pair.ts';
import { AppError } from '../../src/errors.ts';
import { askBotocore } from './botocore.ts';
import { configText } from './config-file-arbitrary.ts';
import { loadWithSdk } from './sdk-loader.ts';

const program = '/usr/local/bin/rolekeeper';
const paths = { configPath: '/home/me/.aws/config', credentialsPath: '/home/me/.aws/credentials' };
const keysFile = '[corp]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG\n';
const dev = parseProfileName('dev');

const directory = new URL('../fixtures/aws-config/', import.meta.url).pathname;
const fixtures = readdirSync(directory).map((name) => ({ name, text: readFileSync(join(directory, name), 'utf8') }));

interface Asked {
  readonly names?: readonly string[];
  readonly suffix?: string;
  readonly credentials?: string;
}

/** Every ordinary role, unless some are named. */
function adoptAll(config: string, { names, suffix, credentials = keysFile }: Asked = {}): Adoption {
  const texts = { config, credentials };
  const profiles = names?.map(parseProfileName) ?? ordinaryRoles(texts, paths);
  return planAdoption(profiles, { texts, paths, env: {}, program, suffix });
}

/** One after the other. */
function releaseAll(config: string, adopted: Adoption['adopted']): string {
  return adopted.reduce((text, { profile, record }) => undoPair(text, record, profile) ?? `refused: ${profile}`, config);
}

function undoPair(text: string, record: EditRecord, profile: ProfileName): string | undefined {
  const { text: undone, undone: profiles } = undoPairs(text, record.path, [{ profile, record }]);
  return profiles.length === 0 ? undefined : undone;
}

/** What rolekeeper would do for each profile, apart from where it is written. */
function answers(config: string): ReadonlyMap<string, unknown> {
  const files = {
    config: parseConfigFile(config, paths.configPath),
    credentials: parseCredentialsFile(keysFile, paths.credentialsPath),
  };
  const names = sectionNames(files.config, 'profile').filter(isProfileName);
  return new Map(
    names.map((name) => {
      try {
        const { keys, hops, network, region, loginTarget } = resolveRecipe(name, files, {});
        return [name, { keys, hops, network, region, loginTarget }] as const;
      } catch (error) {
        if (error instanceof AppError) return [name, error.code] as const;
        throw error;
      }
    }),
  );
}

function without(profiles: unknown, names: readonly string[]): unknown {
  return Object.fromEntries(Object.entries(profiles ?? {}).filter(([name]) => !names.includes(name)));
}

function refusal(config: string, asked: Asked): { readonly message: string | undefined; readonly hint: string | undefined } {
  const { refused } = adoptAll(config, asked);
  return { message: refused[0]?.error.message, hint: refused[0]?.error.hint };
}

describe('files as people have them', () => {
  it('the files are enough to mean something', () => {
    expect(fixtures.length).toBeGreaterThanOrEqual(20);
    for (const { name, text } of fixtures) expect([name, adoptAll(text).adopted.length > 0]).toEqual([name, true]);
  });

  it.each(fixtures)('$name goes to pairs and back to the byte, whichever profile is first', ({ text }) => {
    const { config, adopted } = adoptAll(text);
    expect(config).not.toBe(text);
    expect(undoPairs(config, paths.configPath, adopted)).toEqual({ text, undone: adopted.map(({ profile }) => profile) });
    expect(releaseAll(config, adopted)).toBe(text);
    expect(releaseAll(config, [...adopted].reverse())).toBe(text);
  });

  // As `doctor --fix` writes it, when the program has moved or the line was deleted by hand.
  it.each(fixtures)('every byte comes back, also when the lines that run rolekeeper were written anew: $name', ({ text }) => {
    const { config, adopted } = adoptAll(text);
    const rewritten = (old: string, path: string) =>
      adopted.reduce((edited, { profile }) => {
        const section = { type: 'profile', name: profile } as const;
        return setSetting(edited, paths.configPath, section, 'credential_process', processLine(path, profile));
      }, old);
    expect(releaseAll(rewritten(config, '/opt/new/rolekeeper'), adopted)).toBe(text);
    // One that the person had before has a place that nobody knows any more.
    const had = (name: ProfileName) =>
      findSection(parseConfigFile(text, '/config'), 'profile', name)?.settings.has('credential_process');
    const bare = adopted
      .filter(({ profile }) => had(profile) !== true)
      .reduce(
        (edited, { profile }) =>
          removeSetting(edited, paths.configPath, { type: 'profile', name: profile }, 'credential_process'),
        config,
      );
    expect(releaseAll(rewritten(bare, '/opt/new/rolekeeper'), adopted)).toBe(text);
  });

  it.each(fixtures)('$name gets twins, and loses them to the byte', ({ text }) => {
    const { config, adopted, refused } = adoptAll(text, { suffix: 'rk' });
    expect(adopted.length + refused.length).toBe(ordinaryRoles({ config: text, credentials: '' }, paths).length);
    expect(releaseAll(config, adopted)).toBe(text);
    expect(releaseAll(config, [...adopted].reverse())).toBe(text);
  });

  it.each(fixtures)(
    '$name gives the same answers by way of rolekeeper, and by ordinary profiles put together again',
    ({ text }) => {
      const { config, adopted } = adoptAll(text);
      expect(answers(config)).toEqual(answers(text));
      const joined = adopted.reduce((rest, { profile }) => joinPair(rest, paths.configPath, profile), config);
      expect(answers(joined)).toEqual(answers(text));
      expect(joined).not.toContain(`${program} get ${adopted[0]?.profile}\n`);
    },
  );

  it.each(fixtures)('$name can be adopted once more, which changes nothing', ({ text }) => {
    const { config } = adoptAll(text);
    const again = adoptAll(config);
    expect(again).toMatchObject({ config, adopted: [] });
  });

  it('to botocore every other profile is as it was, and an adopted one has nothing but what it runs and what is no credential', () => {
    // botocore reads no file with a byte order mark, before or after.
    const readable = fixtures.filter(({ text }) => !text.startsWith('\ufeff')).map(({ text }) => ({ text, ...adoptAll(text) }));
    const { answers: all } = askBotocore(
      readable.flatMap(({ text, config }) => [
        { kind: 'config', text },
        { kind: 'config', text: config },
      ]),
    );
    for (const [index, { adopted }] of readable.entries()) {
      const [before, after] = [all[2 * index]?.parsed, all[2 * index + 1]?.parsed];
      const names = adopted.map(({ profile }) => profile);
      expect(after).toBeDefined();
      expect(without(after?.['profiles'], names)).toEqual(without(before?.['profiles'], names));
      expect(without(after, ['profiles', 'rolekeeper', '_path'])).toEqual(without(before, ['profiles', 'rolekeeper', '_path']));
      for (const name of names) {
        expect(Object.entries(after?.['profiles'] ?? {}).find(([found]) => found === name)?.[1]).toEqual({
          ...Object.fromEntries(
            Object.entries(Object.entries(before?.['profiles'] ?? {}).find(([found]) => found === name)?.[1] ?? {}).filter(
              ([key]) =>
                !/^(role_|sso_|source_|mfa_|external_id|duration_seconds|policy|session_tags|transitive_|credential_source|web_identity_|saml_)/.test(
                  key,
                ),
            ),
          ),
          credential_process: expect.stringMatching(new RegExp(`^${program} get "?${name}"?$`)),
        });
      }
    }
  });

  it("to the JavaScript SDK's loader every other profile is as it was, and an adopted one runs rolekeeper", async () => {
    const adoptions = fixtures.map(({ text }) => adoptAll(text));
    const before = await loadWithSdk(fixtures.map(({ text }) => text));
    const after = await loadWithSdk(adoptions.map(({ config }) => config));
    for (const [index, { adopted }] of adoptions.entries()) {
      const names = adopted.map(({ profile }) => profile);
      expect(without(after[index], names)).toEqual(without(before[index], names));
      // That loader knows no headers in quotes with a blank, indented or behind a mark; where it knew the profile, it still does.
      for (const name of names.filter((known) => before[index]?.[known] !== undefined)) {
        expect(after[index]?.[name]).toMatchObject({ credential_process: expect.stringContaining(`${program} get `) });
        expect(Object.keys(after[index]?.[name] ?? {})).not.toContain('role_arn');
      }
    }
  });
});

describe('generated files', () => {
  const setting = fc.constantFrom(
    ...[
      'role_session_name = alice',
      'external_id=ext-1',
      'duration_seconds : 3600',
      'MFA_Serial = arn:aws:iam::123456789012:mfa/a',
    ],
    ...[
      'region = eu-west-1',
      'output=json',
      's3 =\n  addressing_style = path\n  # nested\n  use_x = y',
      'cli_pager =',
      'color = ff ; x',
    ],
    'policy = {"Version": "2012-10-17",\n  "Statement": []}',
  );
  const filler = fc.array(fc.constantFrom('# note', '; note', '', '  # in', '\t', '# [profile no]'), { maxLength: 3 });
  const roleSection = fc
    .tuple(
      fc.constantFrom('[profile dev]', '[profile dev] # mine', '[profile "dev"]', '[profile dev]  '),
      fc.uniqueArray(setting, { maxLength: 5, selector: (text) => /^\w+/.exec(text)?.[0].toLowerCase() ?? '' }),
      fc.array(filler, { minLength: 8, maxLength: 8 }),
      fc.constantFrom('', '  ', '\t'),
      fc.nat(99),
    )
    .map(([header, settings, fillers, indent, dice]) => {
      const role = ['role_arn = arn:aws:iam::222233334444:role/Dev', 'source_profile = corp'];
      const all = dice % 2 === 0 ? [...role, ...settings] : [...settings, ...role.reverse()];
      const at = dice % (all.length + 1);
      const turned = [...all.slice(at), ...all.slice(0, at)].map((text) => indent + text.replaceAll('\n', `\n${indent}`));
      return [
        ...(fillers[0] ?? []),
        header,
        ...turned.flatMap((text, index) => [...(fillers[1 + index] ?? []), text]),
        ...(fillers[0] ?? []),
      ];
    });
  const other = fc.constantFrom(
    '[profile corp]\nregion = eu-west-1',
    '[default]\noutput = json\n',
    '[plugins]',
    '[profile last]\nrole_arn = x\n',
  );
  const file = fc
    .tuple(fc.uniqueArray(other), roleSection, fc.uniqueArray(other), fc.constantFrom('\n', '\r\n', '\r'), fc.boolean())
    .map(([above, role, below, newline, isEnded]) => {
      const rest = below.filter((text) => !above.includes(text));
      return `${[...above, ...role, ...rest].join('\n')}${isEnded ? '\n' : ''}`.replaceAll('\n', newline);
    });

  it('a role among anything goes to a pair and back to the byte', () => {
    fc.assert(
      fc.property(file, (text) => {
        const { config, adopted, refused } = adoptAll(text, { names: ['dev'] });
        expect(refused).toEqual([]);
        expect(answers(config).get('dev')).toEqual(answers(text).get('dev'));
        expect(releaseAll(config, adopted)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('no line of the file is lost or written anew, and comments stay beside what they stood above', () => {
    fc.assert(
      fc.property(file, (text) => {
        const lines = (all: string) => all.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
        const { config } = adoptAll(text, { names: ['dev'] });
        const added = [`[rolekeeper dev]`, `credential_process = ${program} get dev`];
        const rest = lines(config).filter((line) => !added.includes(line.trim()));
        expect([...rest].sort()).toEqual([...lines(text)].sort());
      }),
    );
  });

  it('a pair with changes since is still undone, or put together again to the same answer', () => {
    const change = fc.constantFrom(
      (text: string) => `[profile top]\nregion = x\n\n${text}`,
      (text: string) => `${text.replace(/([^\n\r])$/, '$1\n')}[profile end]\nregion = x\n`,
      (text: string) => text.replace(/(\[rolekeeper dev\](?:\r\n|\n|\r))/, '$1# since\n'),
      (text: string) => text.replace(/(credential_process = .*)/, '$1\noutput_since = json'),
    );
    fc.assert(
      fc.property(
        file.filter((text) => !text.includes('\r')),
        change,
        (text, edit) => {
          const { config, adopted } = adoptAll(text, { names: ['dev'] });
          const record = adopted[0]?.record;
          const changed = edit(config);
          fc.pre(changed !== config && readable(changed));
          const released = attempt(() => (record && undoPair(changed, record, dev)) ?? joinPair(changed, paths.configPath, dev));
          fc.pre(released !== undefined);
          expect(answers(released ?? '').get('dev')).toEqual(answers(text).get('dev'));
          expect(released).not.toContain('[rolekeeper dev]');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('any profile with role_arn in any file that is read goes to a pair and back to the byte, or is refused', () => {
    let done = 0;
    fc.assert(
      fc.property(configText, fc.boolean(), (generated, hasMark) => {
        const text = (hasMark ? '\ufeff' : '') + generated;
        if (!readable(text)) return;
        const config = parseConfigFile(text, paths.configPath);
        const names = sectionNames(config, 'profile')
          .filter(isProfileName)
          .filter((name) => findSection(config, 'profile', name)?.settings.has('role_arn'));
        for (const name of names) {
          const edit = attempt(() => {
            const scanned = scanLines(text, paths.configPath);
            const split = splitProfile(scanned, name, `${program} get it`);
            return { edited: applyChanges(scanned, [split]), record: recordPair(paths.configPath, split) };
          });
          if (edit === undefined) continue;
          done += 1;
          expect(undoPair(edit.edited, edit.record, name)).toBe(text);
        }
      }),
      { numRuns: 4000 },
    );
    expect(done).toBeGreaterThan(40);
  });
});

describe('where the lines go', () => {
  it('recipe lines go with their comments, alignment and order; all else stays', () => {
    const text = `[profile dev] ; mine
# the role
role_arn       = arn:aws:iam::222233334444:role/Dev
source_profile = corp
region         = eu-west-1

# ask Bob
external_id    = ext-1
# old: ext-0

# next
[profile corp]
`;
    expect(adoptAll(text, { names: ['dev'] }).config).toBe(`[profile dev] ; mine
region         = eu-west-1
credential_process = ${program} get dev

[rolekeeper dev]
# the role
role_arn       = arn:aws:iam::222233334444:role/Dev
source_profile = corp
# ask Bob
external_id    = ext-1
# old: ext-0

# next
[profile corp]
`);
  });

  it('a twin has the region and what to run, and the profile stays as it is', () => {
    const text =
      '[profile dev]\nrole_arn = arn:aws:iam::222233334444:role/Dev\nsource_profile = corp\nregion = eu-west-1\n# end\n\n[profile corp]\n';
    expect(adoptAll(text, { names: ['dev'], suffix: 'rk' }).config).toBe(
      text.replace('# end\n', `# end\n\n[profile dev-rk]\nregion = eu-west-1\ncredential_process = ${program} get dev\n`),
    );
  });

  it('a line that runs rolekeeper already gets the path of today', () => {
    const text =
      '[profile dev]\ncredential_process = /old/rolekeeper get dev\nrole_arn = arn:aws:iam::222233334444:role/Dev\nsource_profile = corp\n';
    expect(adoptAll(text, { names: ['dev'] }).config).toContain(
      `[profile dev]\ncredential_process = ${program} get dev\n\n[rolekeeper dev]\n`,
    );
  });
});

describe('what is refused', () => {
  const role = 'role_arn = arn:aws:iam::222233334444:role/Dev\n';
  const usual = `[profile dev]\n${role}source_profile = corp\n`;

  it.each([
    [
      'an unknown credential_source',
      `[profile dev]\n${role}credential_source = Ec2Instance\n`,
      'config:3: "dev": credential_source: "Ec2Instance" is none of',
    ],
    [
      'a relative token file',
      `[profile dev]\n${role}web_identity_token_file = t\n`,
      'config:3: "dev": web_identity_token_file: it is not an absolute path',
    ],
    [
      'a source in Identity Center',
      `[profile dev]\n${role}source_profile = sso\n[profile sso]\nsso_session = s\n`,
      'config:5: "dev" by way of "sso": it starts from IAM Identity Center, and there is no [sso-session s]',
    ],
    [
      'a source that is not there',
      `[profile dev]\n${role}source_profile = no\n`,
      'config:3: "dev": its source "no" does not exist',
    ],
    ['a role without a source', `[profile dev]\n${role}`, 'config:2: "dev": it has role_arn but no source_profile'],
    [
      'a circle',
      `[profile dev]\n${role}source_profile = b\n[profile b]\n${role}source_profile = dev\n`,
      'config:3: "dev": its sources form a circle',
    ],
    ['a value that AWS would refuse', `[profile dev]\nrole_arn = x\nsource_profile = corp\n`, 'config:2: "dev"'],
    ['keys beside the role', `${usual}aws_access_key_id = AKIA\n`, 'config:4: "aws_access_key_id" of "dev" is another way'],
    [
      'half of Identity Center beside the role',
      `${usual}sso_role_name = R\n`,
      'config:4: "sso_role_name" of "dev" is another way',
    ],
    [
      "another program's line",
      `${usual}credential_process = /bin/other\n`,
      'config:4: "credential_process" of "dev" is another way',
    ],
    [
      'a second section of that name',
      `${usual}[profile "dev"]\nregion = x\n`,
      'config:4: [profile "dev"] means the same section',
    ],
    ['a recipe section of that name', `${usual}[rolekeeper dev]\n`, 'config:4: there is a section [rolekeeper dev] already'],
    [
      'a setting of every profile',
      `[DEFAULT]\nmfa_serial = x\n${usual}`,
      'config:2: "mfa_serial" in [DEFAULT] belongs to every profile',
    ],
    ['no role at all', '[profile dev]\nregion = x\n', 'config:1: "dev" has no role_arn: it is not a role'],
    ['text behind the header', usual.replace(']', '] junk'), 'config:1: there is text behind [profile dev]'],
  ])('%s, with the line', (_what, text, message) => {
    expect(refusal(text, { names: ['dev'] }).message).toContain(`${message}`);
    expect(adoptAll(text, { names: ['dev'] })).toMatchObject({ config: text, adopted: [] });
  });

  it('keys of that name in the credentials file, which would win, with their line', () => {
    const stored = refusal(usual, { names: ['dev'], credentials: `${keysFile}[dev]\naws_access_key_id = AKIA\n` });
    expect(stored.message).toContain(
      'credentials:5: "aws_access_key_id" of "dev" in this file would win over credential_process',
    );
  });

  it('a profile of keys is told what to do instead', () => {
    expect(refusal('[profile corp]\n', { names: ['corp'] }).hint).toBe(
      'access keys go into the store with `rolekeeper import corp`',
    );
    expect(refusal('', { names: ['corp'] }).message).toContain('credentials:1: "corp" has no role_arn');
  });

  it.each([
    ['another program', 'credential_process = /usr/bin/aws-vault export tool --format=json'],
    ['a console sign-in', 'login_session = arn:aws:iam::123456789012:user/alice'],
  ])('no role that starts from %s', (_what, source) => {
    const before = `[profile dev]\n${role}source_profile = tool\n[profile tool]\n${source}\n`;
    const { config, adopted, refused } = adoptAll(before);
    expect([adopted.map(({ profile, next }) => [profile, next.kind]), refused]).toEqual([[['dev', 'none']], []]);
    expect(answers(config)).toEqual(answers(before));
    expect(releaseAll(config, adopted)).toBe(before);
  });

  it('a profile that is no role is never told to import what it does not have', () => {
    const hintOf = (setting: string) => refusal(`[profile dev]\n${setting}\n`, { names: ['dev'] }).hint;
    expect(hintOf('credential_process = /usr/bin/aws-vault export dev')).toBe(
      'leave it as it is: roles that start from it can be adopted; to keep its credentials, write its command into [rolekeeper dev]',
    );
    expect(hintOf('login_session = arn:aws:iam::123456789012:user/alice')).toBe(
      'leave it as it is: roles that start from it can be adopted',
    );
    expect(hintOf('sso_session = work')).toBe('leave it as it is: only roles are adopted');
  });

  it('a twin that is there already, and a twin of what is on rolekeeper', () => {
    expect(refusal(`${usual}[profile dev-x]\nregion = y\n`, { names: ['dev'], suffix: 'x' }).message).toContain(
      'config:4: there is a profile "dev-x" already',
    );
    const { config } = adoptAll(usual);
    const { message, hint } = refusal(config, { names: ['dev'], suffix: 'x' });
    expect(message).toMatch(/config:\d+: "dev" is on rolekeeper already$/);
    expect(hint).toBe('`rolekeeper release dev` first, then run the command again');
    const imported = '[profile corp]\ncredential_process = /opt/rolekeeper get corp\n[rolekeeper corp]\nkeys = corp\n';
    expect(refusal(imported, { names: ['corp'], suffix: 'x' }).message).toContain('there is a section [rolekeeper corp] already');
  });

  it('a name that some SDK cannot pass on', () => {
    expect(refusal(usual.replace('dev', 'd$v'), { names: ['d$v'] }).message).toContain(
      'holds characters that some SDK cannot pass on',
    );
  });

  // It ended the whole command, for all other profiles too.
  it('a role without a value is refused alone', () => {
    const roles = ['[profile a]\nrole_arn =\n  x = y\n', '[profile b]\nrole_arn = arn:aws:iam::222233334444:role/b\n'];
    const { adopted, refused } = adoptAll(roles.map((role) => `${role}source_profile = corp\n`).join(''));
    expect(adopted.map(({ profile }) => profile)).toEqual(['b']);
    expect(refused.map(({ profile, error }) => [profile, error.code])).toEqual([['a', 'edit-refused']]);
  });

  it('one of several does not keep the others', () => {
    const text = `${usual}[profile web]\n${role}web_identity_token_file = t\n`;
    const { adopted, refused } = adoptAll(text);
    expect([adopted.map(({ profile }) => profile), refused.map(({ profile }) => profile)]).toEqual([['dev'], ['web']]);
  });
});

function readable(text: string): boolean {
  return attempt(() => parseConfigFile(text, paths.configPath)) !== undefined;
}

/** Undefined for what is refused. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
