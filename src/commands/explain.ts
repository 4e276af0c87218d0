// `rolekeeper explain PROFILE`: the chain hop by hop, and what the next `get` will do. Reads config and state, not secrets; never calls AWS.

import { parseProfileName } from '../config/names.ts';
import type { SettingPlace, SettingSource } from '../config/setting-sources.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import {
  type ExplainedHop,
  type ExplainedKeys,
  type ExplainedSignIn,
  type Explanation,
  explainProfile,
} from './explain-profile.ts';
import { shortTime } from './short-time.ts';
import { writeStdout } from './stdout.ts';
import { textTable } from './text-table.ts';
import { timeLeft } from './time-left.ts';

export interface ExplainOptions {
  readonly profile: string;
  readonly isJson: boolean;
}

/** Goes to stdout. Throws `profile-unknown` and `recipe-invalid`, which names the chain that led there. */
export function explain({ profile, isJson }: ExplainOptions, wiring: Wiring): void {
  const explanation = explainProfile(parseProfileName(profile), wiring.readConfig(), wiring);
  const { clock } = wiring;
  const localNow = clock.toLocal(clock.now());
  const times = (at: string) => shortTime(clock.toLocal(Date.parse(at)), localNow);
  writeStdout(isJson ? `${JSON.stringify(explanation, undefined, 2)}\n` : `${explanationLines(explanation, times).join('\n')}\n`);
}

/** For a person. `times` shows a moment of AWS's clock. */
export function explanationLines(explanation: Explanation, times: (at: string) => string): readonly string[] {
  const { profile, recipeOf, keys, hops, signIn, notes } = explanation;
  const alias = recipeOf === undefined ? '' : `, by the recipe of "${recipeOf}"`;
  const links = [
    ...(keys === undefined ? [] : [keysLines(keys)]),
    ...hops.map((hop, index) => hopLines(hop, { number: index + (keys === undefined ? 1 : 2), times })),
  ];
  return [
    `${profile}: ${countWords(explanation)}${alias}`,
    ...links.flatMap((lines) => ['', ...lines]),
    '',
    ...(signIn === undefined ? [] : [signInLine(signIn, times)]),
    ...nextLines(explanation, times),
    ...notes.map((note) => `note: ${note}`),
  ];
}

function countWords({ keys, hops }: Explanation): string {
  const count = hops.length === 1 ? 'one hop' : `${hops.length} hops`;
  if (keys === undefined) return count;
  return hops.length === 0 ? 'the keys themselves' : `keys, then ${count}`;
}

function keysLines({ name, in: where, principal, settings }: ExplainedKeys): readonly string[] {
  const places = { store: [`the store's item keys/${name}`], file: ['a file, in plaintext'], environment: [] };
  const facts = [...places[where].map((place) => ['from', place]), ['user', principal ?? 'not known yet']];
  const head = where === 'environment' ? "keys of the caller's environment" : `keys "${name}"`;
  return [`1. ${head}`, ...indented(textTable([...settings.map(settingRow), ...facts.map((fact) => [...fact, ''])]))];
}

function hopLines(
  hop: ExplainedHop,
  { number, times }: { readonly number: number; readonly times: (at: string) => string },
): readonly string[] {
  const { kind, what, profile, keyId, account, cached, lastError, caps, settings } = hop;
  const facts = [
    ['key id', keyId === undefined ? 'not known before the user is' : `${keyId} (item ${account ?? ''})`],
    ['cached', cachedWords(cached, times)],
    ...(lastError === undefined
      ? []
      : [['failed', `${times(lastError.at)}: ${lastError.message}; next try ${times(lastError.retryAt)}`]]),
    ...caps.map((cap) => ['limit', cap]),
  ];
  const head = kind === 'role' ? `role ${what}` : what;
  return [
    `${number}. ${head}${profile === undefined ? '' : `, of profile "${profile}"`}`,
    ...indented(textTable(settings.map(settingRow))),
    ...indented(textTable(facts)),
  ];
}

function signInLine(signIn: ExplainedSignIn, times: (at: string) => string): string {
  return `sign-in to IAM Identity Center ${signIn.in}: ${signInWords(signIn, times)}`;
}

function signInWords({ expiresAt, isOver, refreshesItself }: ExplainedSignIn, times: (at: string) => string): string {
  if (expiresAt === undefined) return 'none yet';
  if (isOver === true) return `over since ${times(expiresAt)}`;
  return refreshesItself === true ? 'refreshes itself' : `until ${times(expiresAt)}`;
}

function settingRow({ key, value, place }: SettingSource): readonly string[] {
  return [key, value ?? (place.kind === 'default' ? '-' : '(not shown)'), placeWords(place)];
}

function placeWords(place: SettingPlace): string {
  switch (place.kind) {
    case 'file':
      return `${place.path}:${place.line}`;
    case 'environment':
      return `the environment, ${place.variable}`;
    case 'default':
      return place.words;
    default:
      return place satisfies never;
  }
}

function cachedWords(cached: ExplainedHop['cached'], times: (at: string) => string): string {
  if (cached === undefined) return 'nothing';
  if (cached.secondsLeft === 0) return `over since ${times(cached.expiresAt)}`;
  return `until ${times(cached.expiresAt)}, ${timeLeft(cached.secondsLeft)} left`;
}

function nextLines({ profile, next }: Explanation, times: (at: string) => string): readonly string[] {
  const aws = next.callsSts ? `AWS is called: ${next.calls.join(', then ')}` : 'AWS is not called';
  return [
    `The next \`rolekeeper get ${shellWord(profile)}\` ${doing[next.kind]}: ${next.why}.`,
    ...(next.first === undefined ? [] : [`First ${next.first}.`]),
    `${aws}.`,
    ...(next.refreshAt === undefined || next.kind !== 'print'
      ? []
      : [`Refreshed in the background from ${times(next.refreshAt)}.`]),
  ];
}

const doing: { readonly [K in Explanation['next']['kind']]: string } = {
  keys: 'prints at once',
  print: 'prints at once',
  'print-and-refresh': 'prints at once and refreshes in the background',
  refresh: 'refreshes, then prints',
  login: 'fails with status 4',
  fail: 'fails at once',
  unknown: 'looks first',
};

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `   ${line}`);
}
