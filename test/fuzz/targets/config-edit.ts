// Edits of the config files. The first line of an input says which, in words; the rest is the file. Every edit is either refused, or does
// what it says, leaves all else as it was, and can be taken back to the byte.

import { ordinaryRoles, planAdoption } from '../../../src/config/adoption.ts';
import { parseConfigFile, parseCredentialsFile } from '../../../src/config/aws-config.ts';
import type { SectionType } from '../../../src/config/aws-config-header.ts';
import {
  ensureSection,
  moveSettings,
  removeBareSection,
  removeKeysFromCredentials,
  removeSection,
  removeSetting,
  type SectionName,
  setSetting,
} from '../../../src/config/config-edit.ts';
import { wholeLines } from '../../../src/config/config-edit-text.ts';
import { parseEditRecords, recordEdit } from '../../../src/config/edit-record.ts';
import { isProfileName, type ProfileName } from '../../../src/config/names.ts';
import { undoEdit } from '../../../src/config/undo-edit.ts';
import { joinPair, undoPairs } from '../../../src/config/undo-pair.ts';
import { isAppError } from '../../../src/errors.ts';
import { must, pureTarget } from '../target.ts';
import { configTarget } from './config.ts';

const paths = { configPath: 'config', credentialsPath: 'credentials' };
const keysFile = '[corp]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = s\n';
const types: readonly SectionType[] = ['profile', 'sso-session', 'services', 'rolekeeper', 'rolekeeper-settings'];

interface Order {
  readonly verb: string;
  readonly section: SectionName;
  readonly key: string;
  readonly value: string;
  readonly text: string;
}

export const configEditTarget = pureTarget({
  name: 'config-edit',
  tokens: [
    ...configTarget.tokens,
    'set',
    'remove',
    'drop',
    'bare',
    'ensure',
    'move',
    'keys',
    'adopt',
    'profile',
    'rolekeeper',
    '|',
    'dev',
    'corp',
  ],
  endings: ['nonsense', 'malformed', 'refused', 'same', 'edited', 'adopted'],
  check: (input) => {
    const order = readOrder(input.toString('utf8'));
    if (order === undefined) return 'nonsense';
    try {
      return order.verb === 'adopt' ? adoptAll(order.text) : edit(order);
    } catch (error) {
      if (isAppError(error, 'config-malformed')) return 'malformed';
      if (isAppError(error, 'edit-refused')) return 'refused';
      throw error;
    }
  },
});

/** `verb|type|name|key|value`, then the file. */
function readOrder(input: string): Order | undefined {
  const end = input.indexOf('\n');
  const [verb = '', typeName, name = '', key = '', value = ''] = input.slice(0, end).split('|');
  const type = types.find((one) => one === typeName);
  if (end < 0 || type === undefined) return undefined;
  return { verb, section: { type, name: type === 'rolekeeper-settings' ? '' : name }, key, value, text: input.slice(end + 1) };
}

function edit(order: Order): string {
  const { text, section } = order;
  const edited = carryOut(order);
  if (edited === undefined) return 'nonsense';
  if (edited === text) return 'same';
  const isCredentials = order.verb === 'keys';
  must(others(edited, section.name, isCredentials) === others(text, section.name, isCredentials), 'no other section was changed');
  takeBack(text, edited, section.name);
  return 'edited';
}

function carryOut({ verb, section, key, value, text }: Order): string | undefined {
  switch (verb) {
    case 'set': {
      const edited = setSetting(text, 'file', section, key, value);
      must(settingOf(edited, section, key) === value, 'the value is read back');
      return edited;
    }
    case 'remove':
      return fewer(text, removeSetting(text, 'file', section, key));
    case 'drop':
      return fewer(text, removeSection(text, 'file', section));
    case 'bare':
      return fewer(text, removeBareSection(text, 'file', section));
    case 'ensure': {
      const edited = ensureSection(text, 'file', section);
      must(edited === text || removeBareSection(edited, 'file', section) === text, 'a header that was added is taken away again');
      return edited;
    }
    case 'move':
      return moveSettings(text, 'file', section, { type: 'rolekeeper', name: section.name }, key.split(','));
    case 'keys':
      return fewer(text, removeKeysFromCredentials(text, 'file', section.name));
    default:
      return undefined;
  }
}

/** Each line that is left was there, in the same order. */
function fewer(before: string, after: string): string {
  const [old, fresh] = [before, after].map((text) => wholeLines(text).map((line) => line.replace(/[\n\r]+$/, '')));
  let at = 0;
  for (const line of fresh ?? []) {
    at = (old ?? []).indexOf(line, at) + 1;
    must(at > 0, 'what is left was there');
  }
  return after;
}

function settingOf(text: string, { type, name }: SectionName, key: string): string | undefined {
  const found = type === 'credentials' ? undefined : parseConfigFile(text, 'file').find(type, name);
  return found?.settings.get(key.toLowerCase())?.value;
}

/** What the sections of other names say. */
function others(text: string, touched: string, isCredentials: boolean): string {
  const { sections } = isCredentials ? parseCredentialsFile(text, 'file') : parseConfigFile(text, 'file');
  const rest = sections.filter(({ name }) => name !== touched);
  return JSON.stringify(
    rest.map(({ type, name, settings }) => [
      type,
      name,
      [...settings.values()].map(({ key, value, nested }) => [key, value, nested.size]),
    ]),
  );
}

function takeBack(before: string, after: string, name: string): void {
  if (!isProfileName(name)) return;
  const record = recordEdit('file', { before, after });
  const [kept] = parseEditRecords(JSON.parse(JSON.stringify([record]))) ?? [];
  must(kept !== undefined, 'the record is read back');
  must(undoEdit(after, kept, { profile: name }) === before, 'the edit is taken back to the byte');
}

function adoptAll(config: string): string {
  const texts = { config, credentials: keysFile };
  const profiles = ordinaryRoles(texts, paths);
  const adopted = planAdoption(profiles, { texts, paths, env: {}, program: '/usr/local/bin/rolekeeper', suffix: undefined });
  if (adopted.adopted.length === 0) return 'same';
  const undone = undoPairs(adopted.config, paths.configPath, adopted.adopted);
  must(undone.text === config, 'what was adopted is released to the byte');
  for (const { profile } of adopted.adopted)
    must(sayAlike(config, join(adopted.config, profile), profile), 'a joined pair says the same');
  return 'adopted';
}

function join(text: string, profile: ProfileName): string {
  return joinPair(text, paths.configPath, profile);
}

function sayAlike(before: string, after: string, profile: ProfileName): boolean {
  const [was, is] = [before, after].map((text) => {
    const settings = parseConfigFile(text, paths.configPath).find('profile', profile)?.settings ?? new Map();
    return JSON.stringify(
      [...settings.values()]
        .map(({ key, value }) => [key, value])
        .filter(([key]) => key !== 'credential_process')
        .sort(),
    );
  });
  return was === is;
}
