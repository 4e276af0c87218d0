// Setting profiles and their long-term keys up, and back.

import type { AddCommands } from './add-commands.ts';
import { dryRun, keysName, namedProfiles, profileArgument, yes } from './shared-options.ts';

const setupStores = ['keychain', 'age'] as const;

export const addProfileCommands: AddCommands = (yargs, { runChanging, version }) =>
  yargs
    .command(
      'setup',
      'the guided first run: finds keys and roles, sets all up, and proves that it works',
      (args) =>
        args
          .option('profile', { type: 'string', describe: 'only this role and its keys, or these keys and their roles' })
          .option('prove', { type: 'string', describe: 'the profile that is tried in the end' })
          .option('access-key-id', {
            type: 'string',
            describe: 'of keys that are in no file; the secret is asked for, or read from stdin',
          })
          .option('region', { type: 'string', describe: 'the region of the profile of such keys' })
          .option('mfa-serial', {
            type: 'string',
            describe: "the ARN of the user's MFA device, where no file names it; or `none`",
          })
          .option('store', { choices: setupStores, describe: 'where the keys go: the keychain, or encrypted files' } as const)
          .option('age-key-file', {
            type: 'string',
            describe: 'with --store age: the key of the files, made if it is not there; else a passphrase',
          })
          .option('code', { type: 'string', describe: 'the six digits of the MFA device; else they are asked for' })
          .option('no-install', { type: 'boolean', default: false, describe: 'no background service' })
          .option('dry-run', { ...dryRun, describe: 'show the plan and the changes as a diff, and make none' })
          .option('yes', { ...yes, describe: 'ask nothing that has an answer by itself' }),
      (args) =>
        runChanging(args.debug, async (wiring) => {
          const { setup } = await import('../commands/setup.ts');
          await setup(
            {
              ...{ profile: args.profile, prove: args.prove, code: args.code, version },
              ...{ accessKeyId: args.accessKeyId, region: args.region, mfaSerial: args.mfaSerial },
              ...{ store: args.store, ageKeyFile: args.ageKeyFile },
              ...{ isInstalling: !args.noInstall, isDryRun: args.dryRun, isYes: args.yes },
            },
            wiring,
          );
          return 0;
        }),
    )
    .command(
      'import <profile>',
      'move the long-term keys of a profile from the credentials file into the store',
      (args) =>
        args
          .positional('profile', profileArgument)
          .option('keys', keysName)
          .option('keep', { type: 'boolean', default: false, describe: 'leave the plaintext keys in the file' })
          .option('undo', { type: 'boolean', default: false, describe: 'put the files back as they were before the import' })
          .option('dry-run', dryRun)
          .option('yes', yes),
      (args) =>
        runChanging(args.debug, async (wiring) => {
          const asked = { profile: args.profile, isDryRun: args.dryRun, isYes: args.yes };
          if (args.undo) {
            await (await import('../commands/undo-import.ts')).undoImport(asked, wiring);
            return 0;
          }
          const { importKeys } = await import('../commands/import.ts');
          await importKeys(
            { profile: args.profile, keysName: args.keys, isKept: args.keep, isDryRun: args.dryRun, isYes: args.yes },
            wiring,
          );
          return 0;
        }),
    )
    .command(
      'add <profile>',
      'put long-term keys that you type into the store, and set the profile up',
      (args) =>
        args
          .positional('profile', profileArgument)
          .option('keys', keysName)
          .option('access-key-id', { type: 'string', describe: 'the key id; the secret is asked for, or read from stdin' })
          .option('mfa-serial', { type: 'string', describe: "the ARN of the user's MFA device" })
          .option('region', { type: 'string', describe: 'the region of the profile' })
          .option('undo', {
            type: 'boolean',
            default: false,
            describe: 'take the keys out of the store and the profile out of the file',
          })
          .option('dry-run', dryRun)
          .option('yes', yes),
      (args) =>
        runChanging(args.debug, async (wiring) => {
          if (args.undo) {
            const asked = { profile: args.profile, isDryRun: args.dryRun, isYes: args.yes };
            await (await import('../commands/undo-add.ts')).undoAdd(asked, wiring);
            return 0;
          }
          const { addKeys } = await import('../commands/add.ts');
          await addKeys(
            {
              profile: args.profile,
              keysName: args.keys,
              accessKeyId: args.accessKeyId,
              mfaSerial: args.mfaSerial,
              region: args.region,
              isDryRun: args.dryRun,
              isYes: args.yes,
            },
            wiring,
          );
          return 0;
        }),
    )
    .command(
      'adopt [profiles..]',
      'put ordinary role profiles on rolekeeper, each as a pair of sections',
      (args) =>
        args
          .positional('profiles', namedProfiles)
          .option('all', { type: 'boolean', default: false, describe: 'every ordinary role profile that can be' })
          .option('alias', { type: 'string', describe: 'leave the profile as it is, and add PROFILE-ALIAS beside it' })
          .option('dry-run', dryRun)
          .option('yes', yes),
      (args) =>
        runChanging(args.debug, async (wiring) => {
          const { adopt } = await import('../commands/adopt.ts');
          await adopt(
            { profiles: args.profiles, isAll: args.all, suffix: args.alias, isDryRun: args.dryRun, isYes: args.yes },
            wiring,
          );
          return 0;
        }),
    )
    .command(
      'release [profiles..]',
      'take profiles off rolekeeper again: what adopt and import did to the files',
      (args) =>
        args
          .positional('profiles', namedProfiles)
          .option('all', { type: 'boolean', default: false, describe: 'every profile that is on rolekeeper' })
          .option('dry-run', dryRun)
          .option('yes', yes),
      (args) =>
        runChanging(args.debug, async (wiring) => {
          const { release } = await import('../commands/release.ts');
          await release({ profiles: args.profiles, isAll: args.all, isDryRun: args.dryRun, isYes: args.yes }, wiring);
          return 0;
        }),
    )
    .command(
      'forget-keys <name>',
      'take one set of long-term keys out of the store, and what was made from them',
      (args) =>
        args
          .positional('name', { type: 'string', demandOption: true, describe: 'name of the keys in the store' })
          .option('abandon-rotation', {
            type: 'boolean',
            default: false,
            describe: 'also while a rotation of them is under way, with all of its keys',
          })
          .option('dry-run', { ...dryRun, describe: 'say what would be removed, and remove nothing' })
          .option('yes', yes),
      (args) =>
        runChanging(args.debug, async (wiring) =>
          (await import('../commands/forget-keys.ts')).forgetKeys(
            { name: args.name, abandonsRotation: args.abandonRotation, isDryRun: args.dryRun, isYes: args.yes },
            wiring,
          ),
        ),
    )
    .command(
      'rotate <profile>',
      'a new access key for the IAM user whose keys are in the store; the old one is deleted later',
      (args) =>
        args
          .positional('profile', profileArgument)
          .option('delete-after', {
            type: 'string',
            describe: 'days that the old key is kept, inactive, before it is deleted (default: 7)',
          })
          .option('delete', { type: 'boolean', default: false, describe: 'delete the old key at once' })
          .option('finish', { type: 'boolean', default: false, describe: 'end a rotation that is under way, and begin none' })
          .option('dry-run', { ...dryRun, describe: 'say what would be done, and do nothing' })
          .option('yes', yes),
      (args) =>
        runChanging(
          args.debug,
          async (wiring) =>
            void (await (
              await import('../commands/rotate.ts')
            ).rotate(
              {
                profile: args.profile,
                deleteAfter: args.deleteAfter,
                deletes: args.delete,
                isFinish: args.finish,
                isDryRun: args.dryRun,
                isYes: args.yes,
              },
              wiring,
            )),
        ),
    );
