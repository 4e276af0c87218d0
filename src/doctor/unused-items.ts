// Items of the store that no recipe leads to any more. Pure.

import { type Account, isPassphraseAccount, keysNameOf, totpNameOf } from '../config/names.ts';
import { shellWord } from '../shell-word.ts';
import { type Finding, fixCommand } from './finding.ts';

export interface ItemsKnown {
  /** What the store's list has. */
  readonly listed: readonly Account[];
  /** What the recipes lead to. */
  readonly used: ReadonlySet<string>;
  /** True for credentials that are known to have ended. */
  readonly isOver: (account: Account) => boolean;
  readonly configPath: string;
}

/** Credentials that still live are left alone: they end by themselves, and another environment may lead to them. */
export function checkUnusedItems({ listed, used, isOver, configPath }: ItemsKnown): readonly Finding[] {
  return listed
    .filter((account) => !used.has(account))
    .flatMap((account): readonly Finding[] => {
      const keys = keysNameOf(account);
      if (keys !== undefined) return [unusedKeys(keys, configPath)];
      if (isPassphraseAccount(account)) return [unusedPassphrase(account)];
      const device = totpNameOf(account);
      if (device !== undefined) return [unusedDevice(device)];
      return isOver(account) ? [unusedCredentials(account)] : [];
    });
}

function unusedKeys(name: string, configPath: string): Finding {
  const header = /^[\w\-./+@]+$/.test(name) ? name : `"${name}"`;
  return {
    check: 'unused-items',
    what: `the store has access keys "${name}", and no profile uses them`,
    why: `keys that nobody uses are best deleted, at AWS first; a profile that lost its section finds them again by [rolekeeper ${header}] in ${configPath}`,
    mend: `rolekeeper forget-keys ${shellWord(name)}`,
  };
}

/** Whoever typed it has it. */
function unusedPassphrase(account: Account): Finding {
  return {
    check: 'unused-items',
    what: `the store's item ${account} is the passphrase of a private key that no profile uses`,
    why: 'whoever opens the store has it, for no use to you',
    mend: fixCommand,
    fix: { kind: 'forget', account },
  };
}

function unusedDevice(name: string): Finding {
  return {
    check: 'unused-items',
    what: `the store has the secret of an MFA device for the keys "${name}", and no profile uses those`,
    why: 'it is half of a login, and of no use here',
    mend: `rolekeeper mfa-secret --remove ${shellWord(name)}`,
  };
}

function unusedCredentials(account: Account): Finding {
  return {
    check: 'unused-items',
    what: `the store's item ${account} has ended, and no recipe makes it any more`,
    why: 'it is of no use to anybody, and makes the list longer',
    mend: fixCommand,
    fix: { kind: 'forget', account },
  };
}
