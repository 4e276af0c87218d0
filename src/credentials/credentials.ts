// What a hop yields, in its two written forms: the store item and the process JSON.
// Parsing is strict: what is not exactly one of our items is "broken", never a guess.

import { AppError } from '../errors.ts';
import { isFields, isText, parseJson } from './json.ts';
import { Secret } from './secret.ts';

/** Milliseconds since 1970, as AWS counts them (the local clock corrected by what STS said) unless a name says local. */
export type EpochMs = number;

/** Long-term access keys of an IAM user. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** The user's ARN as GetCallerIdentity gave it; public, and the principal in every key id. */
  readonly userArn: string;
}

/** Credentials with their end, or with the moment up to which they are taken. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** Absent for long-term keys that another program has given. */
  readonly sessionToken?: Secret;
  readonly issuedAt: EpochMs;
  readonly expiresAt: EpochMs;
  /** The 12-digit account the credentials act in, where it is known. */
  readonly accountId?: string;
  /** The network settings of the caller that last asked, for background refreshes. Proxy URLs hold passwords, hence here. */
  readonly network?: Readonly<Record<string, Secret>>;
}

/** Long-term keys, or temporary ones of unknown end from a file. */
export interface KeysDocument {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret;
}

/** What `toProcessJson` and `toKeysJson` print. */
export interface ProcessDocument extends KeysDocument {
  /** On the clock of its reader. */
  readonly localExpiresAt?: EpochMs;
  readonly accountId?: string;
}

export type Parsed<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'broken'; readonly problem: string };

export const formatVersion = 1;

/** The one JSON document that callers read (sdk-contract.md 1 and 2); `localExpiresAt` is on the caller's own clock. */
export function toProcessJson(credentials: Credentials, localExpiresAt: EpochMs): string {
  return JSON.stringify({
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey.reveal(),
    ...(credentials.sessionToken === undefined ? {} : { SessionToken: credentials.sessionToken.reveal() }),
    Expiration: isoSeconds(localExpiresAt),
    ...(credentials.accountId === undefined ? {} : { AccountId: credentials.accountId }),
  });
}

/** The same for long-term keys: no token, no end. */
export function toKeysJson({ accessKeyId, secretAccessKey, sessionToken }: KeysDocument): string {
  return JSON.stringify({
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey.reveal(),
    ...(sessionToken === undefined ? {} : { SessionToken: sessionToken.reveal() }),
  });
}

/** The document back again. Undefined for what is none. */
export function parseProcessJson(text: string): ProcessDocument | undefined {
  const value = parseJson(text);
  if (!isFields(value) || value['Version'] !== 1) return undefined;
  const { AccessKeyId: accessKeyId, SecretAccessKey: secret, SessionToken: token, Expiration: end, AccountId: accountId } = value;
  const localExpiresAt = isText(end) ? Date.parse(end) : undefined;
  if (!isText(accessKeyId) || !isText(secret) || Number.isNaN(localExpiresAt)) return undefined;
  return {
    accessKeyId,
    secretAccessKey: new Secret(secret),
    ...(isText(token) ? { sessionToken: new Secret(token) } : {}),
    ...(localExpiresAt === undefined ? {} : { localExpiresAt }),
    ...(isAccountId(accountId) ? { accountId } : {}),
  };
}

/** The end of the year 9999: the last time that has the usual form in writing. */
export const lastTime: EpochMs = 253_402_300_799_999;

/** True for a time that can have been written by us. */
export function isEpochMs(value: unknown): value is EpochMs {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= lastTime;
}

/** Of AWS: its number has twelve digits. */
export function isAccountId(value: unknown): value is string {
  return typeof value === 'string' && /^\d{12}$/.test(value);
}

/**
 * A time that was told by somebody else, who may tell it in other units or without end: at most `longestMs` from now. Undefined for what is
 * none, or is over.
 */
export function soundEnd(
  at: unknown,
  { now, longestMs }: { readonly now: EpochMs; readonly longestMs: number },
): EpochMs | undefined {
  if (typeof at !== 'number' || !Number.isFinite(at) || at <= now) return undefined;
  return Math.floor(Math.min(at, now + longestMs));
}

/** UTC, whole seconds, literal Z, always 20 characters. Rounds down, so that nobody keeps credentials past their end. */
export function isoSeconds(at: EpochMs): string {
  const written = Math.min(Math.max(at, 0), lastTime); // a clock that is off by ages may have moved it
  return `${new Date(Math.floor(written / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** For people: the local date and minute, `2026-01-02 18:04`. */
export function localMinute(localAt: EpochMs): string {
  const date = new Date(localAt);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/**
 * `account` is the item's own: it stands in the item as well, so that one that was copied or renamed to another place is broken there
 * rather than somebody else's credentials.
 */
export function toCredentialsItem(credentials: Credentials, account: string): Secret {
  const network = Object.entries(credentials.network ?? {}).map(([name, value]) => [name, value.reveal()]);
  return new Secret(
    JSON.stringify({
      v: formatVersion,
      account,
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey.reveal(),
      sessionToken: credentials.sessionToken?.reveal() ?? null,
      issuedAt: credentials.issuedAt,
      expiresAt: credentials.expiresAt,
      accountId: credentials.accountId,
      ...(network.length === 0 ? {} : { network: Object.fromEntries(network) }),
    }),
  );
}

/** Throws `format-newer` for an item of a later format. */
export function parseCredentialsItem(item: Secret, account: string): Parsed<Credentials> {
  const fields = parseItem(item, account);
  if (fields.kind === 'broken') return fields;
  const { accessKeyId, secretAccessKey, sessionToken, issuedAt, expiresAt, accountId, network } = fields.value;
  if (!isText(accessKeyId) || !isText(secretAccessKey)) return broken('a key is missing');
  // A token that was lost is not the same as none.
  if (!isText(sessionToken) && sessionToken !== null) return broken('the token is missing');
  if (!isEpochMs(issuedAt) || !isEpochMs(expiresAt) || expiresAt <= issuedAt) return broken('a time is missing or wrong');
  return {
    kind: 'ok',
    value: {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      ...(sessionToken === null ? {} : { sessionToken: new Secret(sessionToken) }),
      issuedAt,
      expiresAt,
      ...(isText(accountId) ? { accountId } : {}),
      ...(isFields(network) ? { network: secretsOf(network) } : {}),
    },
  };
}

/** What may be told of a key: its last four characters, as AWS's own programs show it. */
export function keySuffix(accessKeyId: string): string {
  return accessKeyId.slice(-4);
}

/** Of a document that `toProcessJson` or `toKeysJson` made, of which nothing else is looked at. */
export function keySuffixIn(document: Buffer): string {
  const label = '"AccessKeyId":"';
  const start = document.indexOf(label) + label.length;
  return keySuffix(document.subarray(start, document.indexOf('"', start)).toString('latin1'));
}

/** `account` as in `toCredentialsItem`. */
export function toKeysItem(keys: Keys, account: string): Secret {
  return new Secret(
    JSON.stringify({
      v: formatVersion,
      account,
      accessKeyId: keys.accessKeyId,
      secretAccessKey: keys.secretAccessKey.reveal(),
      userArn: keys.userArn,
    }),
  );
}

/** Throws `format-newer` for an item of a later format. */
export function parseKeysItem(item: Secret, account: string): Parsed<Keys> {
  const fields = parseItem(item, account);
  if (fields.kind === 'broken') return fields;
  const { accessKeyId, secretAccessKey, userArn } = fields.value;
  if (!isText(accessKeyId) || !isText(secretAccessKey) || !isText(userArn)) return broken('a field is missing');
  return { kind: 'ok', value: { accessKeyId, secretAccessKey: new Secret(secretAccessKey), userArn } };
}

/** The passphrase of a private key; the path of its file is kept for people. `account` as in `toCredentialsItem`. */
export function toPassphraseItem(passphrase: Secret, keyFile: string, account: string): Secret {
  return new Secret(JSON.stringify({ v: formatVersion, account, keyFile, passphrase: passphrase.reveal() }));
}

/** Throws `format-newer` for an item of a later format. */
export function parsePassphraseItem(item: Secret, account: string): Parsed<Secret> {
  const fields = parseItem(item, account);
  if (fields.kind === 'broken') return fields;
  const { passphrase } = fields.value;
  return isText(passphrase) ? { kind: 'ok', value: new Secret(passphrase) } : broken('a field is missing');
}

/** The secret of an MFA device, and which device. `account` as in `toCredentialsItem`. */
export interface TotpDevice {
  readonly serial: string;
  /** Base32. */
  readonly secret: Secret;
}

export function toTotpItem({ serial, secret }: TotpDevice, account: string): Secret {
  return new Secret(JSON.stringify({ v: formatVersion, account, serial, secret: secret.reveal() }));
}

/** Throws `format-newer` for an item of a later format. */
export function parseTotpItem(item: Secret, account: string): Parsed<TotpDevice> {
  const fields = parseItem(item, account);
  if (fields.kind === 'broken') return fields;
  const { serial, secret } = fields.value;
  if (!isText(serial) || !isText(secret)) return broken('a field is missing');
  return { kind: 'ok', value: { serial, secret: new Secret(secret) } };
}

/** An item of ours in JSON, by its fields. Throws `format-newer`. */
export function parseItem(item: Secret, account: string): Parsed<Readonly<Record<string, unknown>>> {
  const value = parseJson(item.reveal());
  if (!isFields(value)) return broken('not a JSON object');
  const version = value['v'];
  if (typeof version === 'number' && version > formatVersion)
    throw new AppError('format-newer', { what: `the store's item ${account}`, version });
  if (version !== formatVersion) return broken('no format number');
  return value['account'] === account ? { kind: 'ok', value } : broken('it was made for another account of the store');
}

export function broken(problem: string): { readonly kind: 'broken'; readonly problem: string } {
  return { kind: 'broken', problem };
}

function secretsOf(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, Secret>> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (typeof value === 'string' ? [[name, new Secret(value)]] : [])),
  );
}
