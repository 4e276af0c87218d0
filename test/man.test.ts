// The manual pages against the program: commands, options, variables, exit statuses and recipe keys, in both directions.
// Needs the built program: the help is read from outside.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type AwsFile, parseConfigFile, parseCredentialsFile, type Section, type Setting } from '../src/config/aws-config.ts';
import { parseProfileName } from '../src/config/names.ts';
import { resolveRecipe } from '../src/config/resolve-recipe.ts';
import type { Environment } from '../src/ports/environment.ts';
import { carriedEnvironment } from '../src/service/carried-environment.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(join(root, 'man/rolekeeper.1'), 'utf8');
const configPage = readFileSync(join(root, 'man/rolekeeper-config.5'), 'utf8');

describe('rolekeeper(1)', () => {
  const topics = topicsOf(section(page, 'COMMANDS'));
  const everywhere = topics.get('')?.options ?? [];

  it('rolekeeper(1) has the commands that --help lists, and no others', () => {
    const documented = [...topics.keys()].filter((name) => name !== '');
    expect(sorted(documented)).toEqual(sorted(usages().keys()));
  });

  it('rolekeeper(1) has the options that every command takes', () => {
    expect(sorted(everywhere)).toEqual(optionsOf(help()));
  });

  it.each([...usages()])('rolekeeper(1) has the arguments and options of %s, and no others', (command, usage) => {
    const text = help(command);
    const topic = topics.get(command);
    const synopsis = synopsisOf(command);
    expect(topic?.usage.startsWith(usage)).toBe(true);
    expect(synopsis).toContain(usage);
    const own = optionsOf(text).filter((option) => !everywhere.includes(option));
    expect(sorted(topic?.options ?? [])).toEqual(own);
    expect(sorted(optionsIn(synopsis))).toEqual(own);
    expect(choicesOf(text).filter((choice) => topic?.words.includes(choice) !== true)).toEqual([]);
  });

  it('rolekeeper(1) has every variable that the sources name, and none of ours that they do not', () => {
    const named = variablesInSources();
    const documented = new Set(page.match(/\b(?:ROLEKEEPER|AWS)_[A-Z_]*[A-Z]\b/g));
    expect(named.filter((name) => !documented.has(name))).toEqual([]);
    expect([...documented].filter((name) => !named.includes(name))).toEqual([]);
    const explained = [...section(page, 'ENVIRONMENT').matchAll(/^\.It Ev (.*)$/gm)].flatMap(([, names = '']) =>
      names.split(' , '),
    );
    const forPeople = named.filter((name) => name.startsWith('ROLEKEEPER_')).concat('NO_COLOR');
    expect(forPeople.filter((name) => !explained.includes(name))).toEqual([]);
  });

  // NODE_EXTRA_CA_CERTS was missing there.
  it('rolekeeper(1) has the variables that are written into the service, and no others', () => {
    const [, written = ''] = /^These variables are written into the service .*:$\n((?:^(?:\.Ev .*|and)$\n)+)/m.exec(page) ?? [];
    const everySet = new Proxy<Environment>({}, { get: () => '/set' });
    const carried = carriedEnvironment(everySet).variables.map(([name]) => name);
    expect(sorted(written.match(/[A-Z_]{4,}/g) ?? [])).toEqual(sorted(carried));
  });

  it('rolekeeper(1) has the exit statuses that the errors have, and no others', () => {
    const inCode = [...readFileSync(join(root, 'src/errors.ts'), 'utf8').matchAll(/exitStatus: (\d+)/g)].map(
      ([, status]) => status,
    );
    const inPage = [...section(page, 'EXIT STATUS').matchAll(/^\.It (\d+)$/gm)].map(([, status]) => status);
    expect(sorted(inPage)).toEqual(sorted(new Set(['0', ...inCode])));
  });
});

describe('rolekeeper-config(5)', () => {
  it('rolekeeper-config(5) has every key that a recipe is asked for, and no others', () => {
    const sections = [...configPage.matchAll(/^\.Sh (.* KEYS)$/gm)].map(([, title = '']) => section(configPage, title));
    expect(sections.length).toBeGreaterThan(2);
    expect(sorted(new Set(keysIn(sections.join('\n'))))).toEqual(sorted(keysAskedFor()));
  });

  it('rolekeeper-config(5) has every setting of [rolekeeper] that is looked up, and no others', () => {
    const wiring = readFileSync(join(root, 'src/wiring.ts'), 'utf8');
    const lookedUp = [...wiring.matchAll(/\b(?:setting|get)\('([a-z_]+)'\)/g)].map(([, key]) => key);
    expect(lookedUp.length).toBeGreaterThan(1);
    expect(sorted(keysIn(section(configPage, 'SETTINGS')))).toEqual(sorted(new Set(lookedUp)));
  });
});

interface Topic {
  /** `Op Ar profile`, as mdoc has it. */
  readonly usage: string;
  readonly options: readonly string[];
  /** What stands in `.Cm`. */
  readonly words: readonly string[];
}

/** The items of COMMANDS by the command's name; what comes before the first command is under the empty name. */
function topicsOf(text: string): ReadonlyMap<string, Topic> {
  const parts = text.split(/^\.It Ic /m);
  return new Map(
    parts.map((part, index) => {
      const [, name = '', usage = ''] = index === 0 ? [] : (/^(\S+) ?(.*)$/m.exec(part) ?? []);
      const options = [...part.matchAll(/^\.It Fl -([a-z][a-z-]*)/gm)].map(([, option = '']) => option);
      const words = [...part.matchAll(/^\.Cm (\S+)/gm)].map(([, word = '']) => word);
      return [name, { usage, options, words }];
    }),
  );
}

/** One command's part of the SYNOPSIS, on one line and without the brackets. */
function synopsisOf(command: string): string {
  const entry = section(page, 'SYNOPSIS')
    .split(/^\.Nm$/m)
    .find((part) => part.includes(`\n.Ic ${command}\n`));
  return (entry ?? '').replaceAll('\n.', ' ').trim();
}

function optionsIn(mdoc: string): readonly string[] {
  return [...mdoc.matchAll(/\bFl -([a-z][a-z-]*)/g)].map(([, option = '']) => option);
}

function keysIn(mdoc: string): readonly string[] {
  return [...mdoc.matchAll(/^\.It Sy (.*)$/gm)].flatMap(([, keys = '']) => keys.split(' , '));
}

function section(text: string, title: string): string {
  const part = text.split(/^\.Sh /m).find((candidate) => candidate.startsWith(`${title}\n`));
  if (part === undefined) throw new Error(`the page has no section ${title}`);
  return part;
}

function help(...args: readonly string[]): string {
  return execFileSync(join(root, 'dist/rolekeeper'), [...args, '--help'], { encoding: 'utf8', timeout: 10_000 });
}

/** The commands of `--help`, each with its arguments as the page writes them. */
function usages(): ReadonlyMap<string, string> {
  const lines = [...help().matchAll(/^ {2}rolekeeper (\S+)((?: [[<]\S+[\]>])*)/gm)];
  return new Map(lines.map(([, name = '', given = '']) => [name, given.trim().split(' ').map(inMdoc).join(' ')]));
}

function inMdoc(argument: string): string {
  const name = argument.replace(/[[\]<>.]/g, '');
  if (argument.endsWith('..]')) return `Op Ar ${name.replace(/s$/, '')} ...`;
  if (argument.startsWith('[')) return `Op Ar ${name}`;
  return name === '' ? '' : `Ar ${name}`;
}

function optionsOf(helpText: string): readonly string[] {
  return sorted([...helpText.matchAll(/^ +(?:-\w, )?--([a-z][a-z-]*)/gm)].map(([, option = '']) => option));
}

function choicesOf(helpText: string): readonly string[] {
  const [, list = ''] = /\[choices: ([^\]]*)\]/.exec(helpText) ?? [];
  return list.split(', ').flatMap((choice) => (choice === '' ? [] : [choice.replaceAll('"', '')]));
}

/** Constants of the build, and the one switch that silences the AWS SDK and is no business of the user's. */
const noVariables = ['ROLEKEEPER_VERSION', 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'];

function variablesInSources(): readonly string[] {
  const sources = sourcesBelow('src').map((path) => withoutComments(readFileSync(path, 'utf8')));
  const names = sources.flatMap((source) => [...source.matchAll(/\b(?:ROLEKEEPER|AWS)_[A-Z_]*[A-Z]\b/g)].map(([name]) => name));
  return sorted(new Set(names)).filter((name) => !noVariables.includes(name));
}

function sourcesBelow(directory: string): readonly string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(root, directory, path));
}

function withoutComments(source: string): string {
  return source.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');
}

/** What resolving really looks up, whatever the code is like: recorded while profiles of each kind are resolved. */
function keysAskedFor(): ReadonlySet<string> {
  const asked = new Set<string>();
  const mfa = 'mfa_serial = arn:aws:iam::123456789012:mfa/alice';
  const role = (name: string) => `role_arn = arn:aws:iam::222233334444:role/${name}\nsource_profile = corp`;
  const arn = 'role_arn = arn:aws:iam::222233334444:role/Dev';
  const anywhere = (kind: string) => `arn:aws:rolesanywhere:eu-west-1:123456789012:${kind}/1`;
  const certificate = `certificate = /c.pem\ntrust_anchor_arn = ${anywhere('trust-anchor')}\nprofile_arn = ${anywhere('profile')}`;
  const waysIn = [
    `[rolekeeper web]\n${arn}\nweb_identity_token_file = /t\n`,
    `[rolekeeper saml]\n${arn}\nsaml_process = x\n`,
    `[rolekeeper instance]\n${arn}\ncredential_source = Ec2InstanceMetadata\n`,
    '[sso-session s]\nsso_start_url = https://a.example\nsso_region = eu-west-1\n',
    '[rolekeeper portal]\nsso_session = s\nsso_account_id = 222233334444\nsso_role_name = R\n',
    `[rolekeeper build]\n${arn}\n${certificate}\n`,
  ].join('');
  const config = parseConfigFile(
    `[profile corp]\n[rolekeeper corp]\n${mfa}\n[rolekeeper dev]\n${role('Dev')}\n[profile ops]\n${role('Ops')}\n${waysIn}`,
    'config',
  );
  const files = { config: recording(config, asked), credentials: recording(parseCredentialsFile('', 'credentials'), asked) };
  for (const name of ['corp', 'dev', 'ops', 'web', 'saml', 'instance', 'build', 'portal'])
    resolveRecipe(parseProfileName(name), files, {});
  return asked;
}

function recording(file: AwsFile, asked: Set<string>): AwsFile {
  return { ...file, find: (type, name) => recordingSection(file.find(type, name), asked) };
}

function recordingSection(found: Section | undefined, asked: Set<string>): Section | undefined {
  return found === undefined ? undefined : { ...found, settings: new RecordingSettings(found.settings, asked) };
}

class RecordingSettings extends Map<string, Setting> {
  readonly #asked: Set<string>;

  constructor(settings: ReadonlyMap<string, Setting>, asked: Set<string>) {
    super(settings);
    this.#asked = asked;
  }

  override get(key: string): Setting | undefined {
    this.#asked.add(key);
    return super.get(key);
  }
}

function sorted(names: Iterable<string | undefined>): readonly string[] {
  return [...names].map(String).sort();
}
