// Reads the text of ~/.aws/config and ~/.aws/credentials into sections, agreeing with botocore's configloader on every file it accepts
// or refuses. Beyond botocore: a BOM is skipped, and [rolekeeper] and [rolekeeper NAME] are sections of our own.

import {
  configHeader,
  configSectionName,
  credentialsSectionName,
  type SectionName,
  type SectionType,
} from './aws-config-header.ts';
import { readSectionLines, type ScannedFile, type SectionLines, type SettingLines, scanLines } from './aws-config-lines.ts';
import { findPlainSection, isPlainFile, plainLineCounter } from './aws-config-plain.ts';
import { readValue } from './aws-config-values.ts';

export type { SectionType };

export interface Setting {
  /** Lower case, but for sub-keys, which keep theirs. */
  readonly key: string;
  /** Continuation lines are joined by newlines. Empty when there are sub-keys. */
  readonly value: string;
  /** 1-based. */
  readonly line: number;
  /** The indented sub-keys of settings such as `s3` and of the services in a `services` section. */
  readonly nested: ReadonlyMap<string, Setting>;
}

export interface Section {
  readonly type: SectionType;
  /** Unquoted. Empty for `rolekeeper-settings`, the whole header for `other`. */
  readonly name: string;
  /** Of the header. */
  readonly line: number;
  /** With those inherited from `[DEFAULT]`. */
  readonly settings: ReadonlyMap<string, Setting>;
}

export interface AwsFile {
  readonly path: string;
  /** In file order. Of two headers that mean one name (`[profile a]`, `[profile "a"]`) only the later is here, as in botocore. */
  readonly sections: readonly Section[];
  /** Undefined when there is none. For `rolekeeper-settings` the name is empty. */
  readonly find: (type: SectionType, name: string) => Section | undefined;
  readonly names: (type: SectionType) => readonly string[];
}

/** Throws `config-malformed`. An empty text is a file without sections. */
export function parseConfigFile(text: string, path: string): AwsFile {
  const names = { nameOf: configSectionName, headerOf: configHeader };
  return isPlainFile(text) ? plainFile(text, path, names) : buildFile(scanLines(text, path), names);
}

/** Every section is a profile by its plain name, `[profile x]` too. Throws `config-malformed`. */
export function parseCredentialsFile(text: string, path: string): AwsFile {
  const names = { nameOf: credentialsSectionName, headerOf: ({ name }: SectionName) => name };
  return isPlainFile(text) ? plainFile(text, path, names) : buildFile(scanLines(text, path), names);
}

/** Undefined when there is none. For `rolekeeper-settings` the name is empty. */
export function findSection(file: AwsFile, type: SectionType, name: string): Section | undefined {
  return file.find(type, name);
}

/** In file order. */
export function sectionNames(file: AwsFile, type: SectionType): readonly string[] {
  return file.names(type);
}

/** What headers mean in a file, both ways. */
interface Names {
  readonly nameOf: (header: string) => SectionName;
  readonly headerOf: (name: SectionName) => string;
}

/** A caller wants one profile of a thousand, so the others are not even found until somebody asks for all. */
function plainFile(text: string, path: string, names: Names): AwsFile {
  const scanned = { text, path, lineAt: plainLineCounter(text), defaults: new Map() };
  let whole: AwsFile | undefined;
  const all = () => {
    whole ??= buildFile(scanLines(text, path), names);
    return whole;
  };
  return {
    path,
    find: (type, name) => {
      const header = names.headerOf({ type, name });
      const meant = names.nameOf(header);
      const lines = meant.type === type && meant.name === name ? findPlainSection(text, header) : undefined;
      return lines === undefined ? undefined : lazySection(scanned, lines, meant);
    },
    names: (type) => all().names(type),
    get sections() {
      return all().sections;
    },
  };
}

/** Sections are made and read when somebody looks. */
function buildFile(scanned: ScannedFile, { nameOf }: Names): AwsFile {
  const byType = new Map<SectionType, Map<string, SectionLines>>();
  for (const lines of scanned.sections) {
    const { type, name } = nameOf(lines.header);
    const named = byType.get(type) ?? new Map<string, SectionLines>();
    byType.set(type, named.set(name, lines));
  }
  const made = new Map<SectionLines, Section>();
  const sectionOf = (lines: SectionLines, meant: SectionName) => {
    const section = made.get(lines) ?? lazySection(scanned, lines, meant);
    made.set(lines, section);
    return section;
  };
  const linesOf = ({ type, name }: SectionName) => byType.get(type)?.get(name);
  return {
    path: scanned.path,
    find: (type, name) => {
      const lines = linesOf({ type, name });
      return lines === undefined ? undefined : sectionOf(lines, { type, name });
    },
    names: (type) => [...(byType.get(type)?.keys() ?? [])],
    get sections() {
      const all = scanned.sections.map((lines) => ({ lines, meant: nameOf(lines.header) }));
      return all.filter(({ lines, meant }) => linesOf(meant) === lines).map(({ lines, meant }) => sectionOf(lines, meant));
    },
  };
}

/** What the lines of a section are read with. */
type Settled = Omit<ScannedFile, 'sections'>;

function lazySection(scanned: Settled, lines: SectionLines, { type, name }: SectionName): Section {
  let settings: ReadonlyMap<string, Setting> | undefined;
  return {
    type,
    name,
    line: scanned.lineAt(lines.start),
    get settings() {
      settings ??= readSettings(scanned, lines);
      return settings;
    },
  };
}

function readSettings(scanned: Settled, lines: SectionLines): ReadonlyMap<string, Setting> {
  const { text, path, defaults } = scanned;
  const all = new Map([...defaults, ...readSectionLines(scanned, lines)]);
  return new Map([...all].map(([key, setting]) => [key, readSetting(text, setting, path)]));
}

const noSettings: ReadonlyMap<string, Setting> = new Map();

function readSetting(text: string, lines: SettingLines, path: string): Setting {
  const value = readValue(text, lines, path);
  const { key, line } = lines;
  if (value.nested.length === 0) return { key, value: value.text, line, nested: noSettings };
  return { key, value: '', line, nested: new Map(value.nested.map((inner) => [inner.key, { ...inner, nested: noSettings }])) };
}
