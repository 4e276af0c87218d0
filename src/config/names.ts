// Names that become accounts, paths or arguments. Each brand is made here, by its check, and nowhere else.

import { sha256Hex } from '../credentials/digest.ts';
import { AppError } from '../errors.ts';

/** A profile's name as AWS config files have it: any text without controls of any kind, `]` or a leading dash. */
export type ProfileName = string & { readonly brand: 'ProfileName' };
/** 32 hex digits: the hash of everything that changes the credentials of one hop. */
export type KeyId = string & { readonly brand: 'KeyId' };
/**
 * The account of a store item: `keys/NAME`, `keys-new/NAME`, `keys-old/NAME`, `totp/NAME`, `session/ID`, `role/ID`, `sso/ID`,
 * `passphrase/ID` or `index`.
 */
export type Account = string & { readonly brand: 'Account' };

/** Throws `usage` for what no AWS config section can be called. */
export function parseProfileName(raw: string): ProfileName {
  if (!isProfileName(raw)) {
    throw new AppError('usage', { problem: `${JSON.stringify(raw.slice(0, 80))} cannot be a profile name` });
  }
  return raw;
}

/** A 32-digit id over plain JSON values; the order of object keys does not matter, absent and undefined are the same. */
export function keyIdOf(input: unknown): KeyId {
  const id = sha256Hex(canonicalJson(input)).slice(0, 32);
  if (!isKeyId(id)) throw new Error('a hash is always a key id');
  return id;
}

export function isKeyId(text: string): text is KeyId {
  return /^[0-9a-f]{32}$/.test(text);
}

export function keysAccount(name: ProfileName): Account {
  return account(`keys/${name}`);
}

/** Keys that are on their way to `keys/NAME` during a rotation. */
export function newKeysAccount(name: ProfileName): Account {
  return account(`keys-new/${name}`);
}

/** The keys before those in `keys/NAME`, until they are deleted at AWS. */
export function oldKeysAccount(name: ProfileName): Account {
  return account(`keys-old/${name}`);
}

/** The secret of the virtual MFA device of those who own `keys/NAME`. */
export function totpAccount(name: ProfileName): Account {
  return account(`totp/${name}`);
}

/** The name of keys for whose device there is a secret; undefined for all else. */
export function totpNameOf(account: Account): string | undefined {
  return account.startsWith('totp/') ? account.slice('totp/'.length) : undefined;
}

/** The name of long-term keys; undefined for what can be made anew. */
export function keysNameOf(account: Account): string | undefined {
  return account.startsWith('keys/') ? account.slice('keys/'.length) : undefined;
}

export function sessionAccount(id: KeyId): Account {
  return account(`session/${id}`);
}

export function roleAccount(id: KeyId): Account {
  return account(`role/${id}`);
}

/** A sign-in to IAM Identity Center. */
export function signInAccount(id: KeyId): Account {
  return account(`sso/${id}`);
}

export function isSignInAccount(account: Account): boolean {
  return account.startsWith('sso/');
}

/** Where the store has what a record of the state is about. */
export function accountOfRecord({ kind, id }: { readonly kind: 'session' | 'role' | 'sign-in'; readonly id: KeyId }): Account {
  if (kind === 'sign-in') return signInAccount(id);
  return kind === 'role' ? roleAccount(id) : sessionAccount(id);
}

/** The passphrase of a private key, by the path of its file as the configuration has it: one for all profiles that use that key. */
export function passphraseAccount(keyFile: string): Account {
  return account(`passphrase/${keyIdOf({ keyFile })}`);
}

export function isPassphraseAccount(account: Account): boolean {
  return account.startsWith('passphrase/');
}

export function indexAccount(): Account {
  return account('index');
}

/** The account if the text is one of ours (an entry of the index), else undefined. */
export function parseAccount(text: string): Account | undefined {
  return isAccount(text) ? text : undefined;
}

function account(text: string): Account {
  if (!isAccount(text)) throw new AppError('usage', { problem: `${JSON.stringify(text)} cannot name a store item` });
  return text;
}

function isAccount(text: string): text is Account {
  const [kind = '', ...rest] = text.split('/');
  const name = rest.join('/');
  if (text === 'index') return true;
  if (kind === 'keys' || kind === 'keys-new' || kind === 'keys-old' || kind === 'totp') return isProfileName(name);
  return ['session', 'role', 'sso', 'passphrase'].includes(kind) && isKeyId(name);
}

/** True for what `parseProfileName` takes. */
export function isProfileName(raw: string): raw is ProfileName {
  return raw.length <= 256 && raw.trim() === raw && nameCharacters.test(raw) && !raw.startsWith('-');
}

// All but `]`, controls (also those that end a line or turn its direction) and halves of surrogate pairs. Spelt out: to build \p{…} costs a
// process half a millisecond.
const nameCharacters = /^[ -\\^-~\u00a0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\u{10ffff}]+$/u;

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
