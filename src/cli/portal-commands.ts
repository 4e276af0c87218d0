// What a person has in IAM Identity Center, and profiles for it.

import { defaultTemplate, ssoActions } from '../commands/sso-words.ts';
import type { AddCommands } from './add-commands.ts';
import { dryRun, ssoSession, yes } from './shared-options.ts';

const noTexts: string[] = [];
const manyTexts = { type: 'string', array: true, nargs: 1, default: noTexts } as const;

export const addPortalCommands: AddCommands = (yargs, { runChanging }) =>
  yargs.command(
    'sso <action>',
    'the accounts and roles that you have in IAM Identity Center, and profiles for them',
    (args) =>
      args
        .positional('action', {
          choices: ssoActions,
          demandOption: true,
          describe: '`accounts` lists what you have; `populate` adds profiles for it',
        } as const)
        .option('profile', { type: 'string', describe: 'a profile that starts from there; else the only sign-in there is' })
        .option('sso-session', ssoSession)
        .option('account', { ...manyTexts, describe: 'only this account, by its id or name; may be repeated' })
        .option('role', { ...manyTexts, describe: 'only this role; may be repeated' })
        .option('all', { type: 'boolean', default: false, describe: 'with populate: every role that you have' })
        .option('template', {
          type: 'string',
          default: defaultTemplate,
          describe: 'with populate: how profiles are called; knows {account_id}, {account_name}, {role_name} and {session}',
        })
        .option('prefix', { type: 'string', default: '', describe: 'with populate: what their names begin with' })
        .option('region', { type: 'string', describe: 'with populate: the region of the profiles' })
        .option('json', { type: 'boolean', default: false, describe: 'with accounts: one JSON document' })
        .option('dry-run', dryRun)
        .option('yes', yes),
    (args) =>
      runChanging(args.debug, async (wiring) => {
        const { profile, account: accounts, role: roles, template, prefix, region } = args;
        const question = { profile, ssoSession: args.ssoSession, accounts, roles };
        if (args.action === 'accounts') {
          await (await import('../commands/sso-accounts.ts')).ssoAccounts(question, args.json, wiring);
          return 0;
        }
        const { ssoPopulate } = await import('../commands/sso-populate.ts');
        const more = { isAll: args.all, template, prefix, region, isDryRun: args.dryRun, isYes: args.yes };
        await ssoPopulate({ ...question, ...more }, wiring);
        return 0;
      }),
  );
