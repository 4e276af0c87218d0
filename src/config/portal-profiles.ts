// Profiles for roles of IAM Identity Center: their names by a template, and the edit that adds each as a pair of sections. Pure.

import { AppError } from '../errors.ts';
import type { PortalAccount, PortalRole } from '../ports/identity-center.ts';
import { configHeader } from './aws-config-header.ts';
import type { ScannedFile } from './aws-config-lines.ts';
import { locateIn } from './config-edit.ts';
import { newlineBefore, newlineStyle } from './config-edit-text.ts';
import { type ProfileName, parseProfileName } from './names.ts';
import { processLine } from './process-line.ts';
import { type PairChange, processKey, refuseTaken } from './role-pair.ts';
import type { SignIn } from './sign-in.ts';

/** A role that a person has, in an account with a name. */
export interface NamedRole extends PortalRole {
  readonly account: PortalAccount;
}

/** Throws `usage` for a template with a name that is not known, and for what no profile can be called. */
export function profileNameFor({ account, roleName }: NamedRole, template: string, sessionName = 'sso'): ProfileName {
  const values = new Map([
    ['account_id', account.accountId],
    ['account_name', account.name === '' ? account.accountId : account.name],
    ['role_name', roleName],
    ['session', sessionName],
  ]);
  const filled = template.replace(/\{(\w*)\}/g, (whole, name: string) => {
    const value = values.get(name);
    if (value !== undefined) return plain(value);
    const problem = `${whole} is nothing that a template knows`;
    throw new AppError('usage', { problem, hint: `it knows {${[...values.keys()].join('}, {')}}` });
  });
  return parseProfileName(filled);
}

export interface PairSettings {
  readonly signIn: SignIn;
  readonly role: PortalRole;
  readonly region: string | undefined;
  /** The absolute path that callers are to run. */
  readonly program: string;
}

/** At the end of the file. Throws `edit-refused` where there is such a profile already. */
export function addPortalPair(scanned: ScannedFile, profile: ProfileName, settings: PairSettings): PairChange {
  refuseTaken(scanned, profile);
  const { text, path, lineAt } = scanned;
  const taken = locateIn(scanned, { type: 'profile', name: profile }).lines;
  if (taken !== undefined) {
    const problem = `there is a profile "${profile}" already`;
    throw new AppError('edit-refused', {
      path,
      line: lineAt(taken.start),
      problem,
      hint: 'choose another --template or --prefix',
    });
  }
  const ordinary = new Map(Object.entries(ordinarySettings(profile, settings)));
  const recipe = new Map(Object.entries(recipeSettings(settings)));
  const newline = newlineStyle(text, text.length);
  const header = configHeader({ type: 'profile', name: profile });
  const recipeHeader = configHeader({ type: 'rolekeeper', name: profile });
  const section = (name: string, values: ReadonlyMap<string, string>) =>
    [`[${name}]`, ...[...values].map(([key, value]) => `${key} = ${value}`)].join(newline);
  return {
    profile,
    from: profile,
    start: text.length - newlineBefore(text, text.length).length,
    before: '',
    after: `${newline}${newline}${section(header, ordinary)}${newline}${newline}${section(recipeHeader, recipe)}`,
    line: lineAt(text.length),
    mean: (contents) => {
      contents.set(header, ordinary);
      contents.set(recipeHeader, recipe);
    },
  };
}

function ordinarySettings(profile: ProfileName, { region, program }: PairSettings): Readonly<Record<string, string>> {
  return { ...(region === undefined ? {} : { region }), [processKey]: processLine(program, profile) };
}

function recipeSettings({ signIn, role }: PairSettings): Readonly<Record<string, string>> {
  const { sessionName, startUrl, oidc } = signIn;
  const place = sessionName === undefined ? { sso_start_url: startUrl, sso_region: oidc.region } : { sso_session: sessionName };
  return { ...place, sso_account_id: role.accountId, sso_role_name: role.roleName };
}

/** Names of accounts may hold anything; names of profiles go through shells and config files. */
function plain(value: string): string {
  return value.replace(/[^\w.+@=,-]+/g, '-').replace(/^-+|-+$/g, '');
}
