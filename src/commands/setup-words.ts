// What `setup` tells a person: what it is about to do, and what to do from now on.

import type { ProfileName } from '../config/names.ts';
import { mfaSerialOf, needsCode, type Recipe, signInOf } from '../config/recipe.ts';
import type { SetupPlan, SetupWishes } from '../config/setup-plan.ts';
import { checkEnvironmentKeys } from '../doctor/access-keys.ts';
import type { Environment } from '../ports/environment.ts';
import type { CallerIdentity } from '../ports/sts.ts';
import { shellWord } from '../shell-word.ts';
import { refusedLines } from './adopt.ts';
import { type Background, backgroundWords } from './setup-background.ts';

export const introduction = [
  'rolekeeper moves access keys out of plaintext files into a store of secrets, and',
  'gives every AWS program fresh credentials by the same profile names as before,',
  'for one MFA code a day. Nothing is changed before you say yes to the plan, and',
  'after Ctrl-C, or any failure, everything is as it was.',
  '',
];

export interface Planned {
  readonly plan: SetupPlan;
  /** Whose the keys are, by profile; empty where AWS was not asked. */
  readonly owners: ReadonlyMap<ProfileName, string>;
  readonly typed: ProfileName | undefined;
  /** Where the keys go. */
  readonly place: string;
  /** What `[rolekeeper]` has to say from now on. */
  readonly settings: SetupWishes['settings'];
  readonly background: Background;
  /** The profile that is tried, and whether it takes a login. */
  readonly proof: Recipe;
  readonly needsLogin: boolean;
}

export function planLines(planned: Planned): readonly string[] {
  const { plan, owners, typed, place, settings, background, proof, needsLogin } = planned;
  const owner = (profile: ProfileName) => (owners.has(profile) ? `, ${owners.get(profile)},` : '');
  const adopted = plan.adoption.adopted.map(({ profile }) => profile);
  const running = backgroundWords(background);
  return [
    '',
    `The plan, with ${place}:`,
    ...settingsLines(settings),
    ...plan.imports.map(({ recipe }) => `  move     the keys of "${recipe.profile}"${owner(recipe.profile)} into the store`),
    ...(typed === undefined ? [] : [`  put      the keys of "${typed}"${owner(typed)} into the store, and set that profile up`]),
    ...(adopted.length === 0 ? [] : [`  adopt    ${adopted.join(', ')}`]),
    ...(needsLogin ? [`  log in   to "${proof.loginTarget}", ${loginMeans(proof)}`] : []),
    ...(running === undefined ? [] : [`  ${running}`]),
    `  try      "${proof.profile}", as an AWS program does`,
    ...refusedLines(plan.refused),
  ];
}

/** Where neither the store nor AWS nor the person is asked. */
export function dryLines(
  { imports, adoption, refused, provable }: SetupPlan,
  settings: SetupWishes['settings'],
): readonly string[] {
  const adopted = adoption.adopted.map(({ profile }) => profile);
  const isDone = imports.length + adopted.length === 0;
  return [
    ...settingsLines(settings),
    ...(isDone && provable.length === 0 ? ['  ask      for access keys: no file has any'] : []),
    ...(isDone && provable.length > 0 ? ['the files are set up already'] : []),
    ...imports.map(({ recipe }) => `  move     the keys of "${recipe.profile}" into the store`),
    ...(adopted.length === 0 ? [] : [`  adopt    ${adopted.join(', ')}`]),
    '  then     log in where that takes a code, and try a profile as an AWS program does',
    ...refusedLines(refused),
  ];
}

function settingsLines(settings: SetupWishes['settings']): readonly string[] {
  const set = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
  return set.length === 0 ? [] : [`  set      ${set.join(', ')}`];
}

/** True where all that is left is the proof: a login and an agent are no changes to agree to. */
export function isIdle({ plan, typed, settings, background }: Omit<Planned, 'proof' | 'needsLogin'>): boolean {
  const isAsBefore = plan.imports.length === 0 && plan.adoption.adopted.length === 0 && typed === undefined;
  return isAsBefore && Object.keys(settings).length === 0 && background.kind !== 'service';
}

export function idleLine({ needsLogin, proof }: Planned): string {
  const login = needsLogin ? `a login to "${proof.loginTarget}", and ` : '';
  return `everything is set up already; what is left is ${login}the proof`;
}

export function proofLine(profile: ProfileName, { arn, accountId }: CallerIdentity): string {
  return `it works: "${profile}" is ${arn}, in account ${accountId}`;
}

/** `otherLogins`: those that the one for the proof does not cover. */
export function farewell(planned: Planned, otherLogins: readonly ProfileName[]): readonly string[] {
  const { proof } = planned;
  return [
    '',
    `use it as before:     aws s3 ls --profile ${shellWord(proof.profile)}`,
    ...(proof.hops.some(needsCode) || signInOf(proof) !== undefined
      ? [`once a day:           rolekeeper login ${shellWord(proof.loginTarget)}`]
      : []),
    ...otherLogins.map((target) => `not logged in yet:    rolekeeper login ${shellWord(target)}`),
    'what is where:        rolekeeper status',
    ...(isWeak(proof)
      ? [
          `to use IAM itself:    give [rolekeeper ${proof.profile}] an mfa_serial, or session = none: IAM refuses sessions without MFA`,
        ]
      : []),
    ...(isIdle(planned) ? [] : [`to take it all back:  ${waysBack(planned).join('; ')}`]),
  ];
}

function loginMeans(proof: Recipe): string {
  if (signInOf(proof) !== undefined) return 'in the browser';
  return `with a code of ${proof.hops.map(mfaSerialOf).find(Boolean) ?? 'your device'}`;
}

/** A session without MFA, and nothing behind it. */
function isWeak({ hops: [first, ...others] }: Recipe): boolean {
  return first?.kind === 'session' && !needsCode(first) && others.length === 0;
}

function waysBack({ plan, typed, settings, background }: Planned): readonly string[] {
  const isReleased = plan.imports.length + plan.adoption.adopted.length > 0;
  return [
    ...(isReleased ? ['rolekeeper release --all'] : []),
    ...(typed === undefined ? [] : [`rolekeeper add ${shellWord(typed)} --undo`]),
    ...(background.kind === 'service' ? ['rolekeeper uninstall'] : []),
    ...(Object.keys(settings).length > 0 ? ['then delete [rolekeeper] from the config'] : []),
  ];
}

/** The proof names its profile; a program that names none would not get there. */
export function environmentLines(env: Environment): readonly string[] {
  return checkEnvironmentKeys(env).map(({ what, why, mend }) => `but ${what}: ${why}; so: ${mend}`);
}
