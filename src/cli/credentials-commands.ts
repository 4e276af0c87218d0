// Getting credentials: the day's login, the store's lock, and the refresh.

import { AppError } from '../errors.ts';
import type { AddCommands } from './add-commands.ts';
import { namedProfiles, optionalProfile, profileArgument, ssoSession, yes } from './shared-options.ts';

export const addCredentialsCommands: AddCommands = (yargs, { run, runChanging, runLogin, runRefreshing }) =>
  yargs
    .command(
      'get <profile>',
      'print credentials as AWS programs expect them of a credential_process',
      (args) =>
        args
          .positional('profile', profileArgument)
          .option('interactive', { type: 'boolean', default: false, describe: 'may ask you for the MFA code, for 50 s at most' }),
      (args) =>
        run(args.debug, async (wiring) => {
          const { get, noteRefusal } = await import('../commands/get.ts');
          const { profile, interactive } = args;
          return void (await get(profile, wiring, interactive).catch((error) => noteRefusal(profile, error, wiring)));
        }),
    )
    .command(
      'login [profile]',
      "sign in to IAM Identity Center, or spend one MFA code on the day's session or on the one role that takes it",
      (args) =>
        args
          .positional('profile', optionalProfile)
          .option('code', { type: 'string', describe: 'the six digits; else mfa_process, the terminal or stdin gives them' })
          .option('sso-session', ssoSession)
          .option('device-code', {
            type: 'boolean',
            default: false,
            describe: 'sign in with a code on any device, instead of in a browser here',
          })
          .option('no-browser', { type: 'boolean', default: false, describe: 'print the address of the sign-in page only' }),
      (args) =>
        runLogin(args.debug, async (wiring) => {
          const { profile, code } = args;
          const { login } = await import('../commands/login.ts');
          await login({ profile, code, ssoSession: args.ssoSession, way: signInWay(args) }, wiring);
          return 0;
        }),
    )
    .command(
      'mfa-secret <profile>',
      'keep the secret of an MFA device in the store, so that login needs no typing; know the risk',
      (args) =>
        args
          .positional('profile', profileArgument)
          .option('remove', { type: 'boolean', default: false, describe: 'take it out of the store again' })
          .option('yes', yes),
      (args) =>
        runChanging(args.debug, async (wiring) => {
          const { keepMfaSecret, removeMfaSecret } = await import('../commands/mfa-secret.ts');
          await (args.remove
            ? removeMfaSecret(args.profile, wiring)
            : keepMfaSecret({ profile: args.profile, isYes: args.yes }, wiring));
          return 0;
        }),
    )
    .command(
      'logout [profile]',
      'forget the session of a profile and every role behind it; never the long-term keys',
      (args) =>
        args
          .positional('profile', optionalProfile)
          .option('all', { type: 'boolean', default: false, describe: 'of every profile' }),
      (args) =>
        runChanging(args.debug, async (wiring) =>
          (await import('../commands/logout.ts')).logout({ profile: args.profile, isAll: args.all }, wiring),
        ),
    )
    .command(
      'unlock',
      'open the age store with its passphrase, for `get` and the agent',
      (args) => args,
      (args) => run(args.debug, async (wiring) => void (await (await import('../commands/unlock.ts')).unlock(wiring))),
    )
    .command(
      'lock',
      'have the agent forget what `unlock` opened',
      (args) => args,
      (args) => run(args.debug, async (wiring) => void (await (await import('../commands/lock.ts')).lock(wiring))),
    )
    .command(
      'passphrase <profile>',
      "put the passphrase of a certificate's private key into the store",
      (args) =>
        args
          .positional('profile', profileArgument)
          .option('forget', { type: 'boolean', default: false, describe: 'take it out of the store again' }),
      (args) =>
        runChanging(args.debug, async (wiring) => {
          const { passphrase } = await import('../commands/passphrase.ts');
          return void (await passphrase({ profile: args.profile, isForgetting: args.forget }, wiring));
        }),
    )
    .command(
      'refresh [profiles..]',
      'run AssumeRole for what is due: the named profiles, or all that were asked for before',
      (args) =>
        args
          .positional('profiles', namedProfiles)
          .option('due', { type: 'boolean', default: true, describe: 'only what is due (the default)' })
          .option('force', { type: 'boolean', default: false, describe: 'what is not due as well' })
          .option('quiet', { type: 'boolean', default: false, describe: 'say nothing; the exit status tells' }),
      (args) =>
        runRefreshing(args.debug, async (wiring) =>
          (await import('../commands/refresh.ts')).refresh(
            { profiles: args.profiles, isForced: args.force, isQuiet: args.quiet },
            wiring,
          ),
        ),
    );

/** Undefined where the person has not chosen one. Throws `usage`. */
function signInWay({ deviceCode, noBrowser }: { readonly deviceCode: boolean; readonly noBrowser: boolean }) {
  if (deviceCode && noBrowser)
    throw new AppError('usage', { problem: 'login: --device-code and --no-browser do not go together' });
  if (deviceCode) return 'device';
  return noBrowser ? 'address' : undefined;
}
