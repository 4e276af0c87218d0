// From what went wrong on the bus to what a person can do about it. Cases are told apart by D-Bus error names, never by texts.

import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import { WireError } from './dbus-codec.ts';
import { BusError, type BusFailure } from './dbus-connection.ts';

export const description = 'the Secret Service keyring';

/** The AppError for any failure of a call; what is already one, or none of the bus's, comes back as it is. */
export function explained(error: unknown, env: Environment): unknown {
  if (error instanceof WireError) return unavailable(`it sent ${error.message}`, env, error);
  return error instanceof BusError ? fromFailure(error.failure, env, error) : error;
}

export function locked(env: Environment): AppError<'store-locked'> {
  const hint = hasDisplay(env)
    ? "unlock it in your desktop's password program, or run `rolekeeper login`, which lets the keyring ask for its password"
    : `run \`${unlockByHand}\` ${ageInstead}`;
  return new AppError('store-locked', { store: description, hint });
}

export function lockedItem(): AppError<'store-locked'> {
  const hint = 'in KeePassXC, Settings, Secret Service Integration, switch off the confirmation when clients retrieve passwords';
  return new AppError('store-locked', { store: `this item of ${description}`, hint });
}

/** For a prompt that may not be shown now, over a keyring that is open: KeePassXC asks before it deletes. */
export function wantsAnswer(): AppError<'store-locked'> {
  return new AppError('store-locked', {
    store: `this item of ${description}`,
    hint: 'run the command in the desktop session, and answer it',
  });
}

export function dismissed(env: Environment): AppError<'store-locked'> {
  if (!hasDisplay(env)) return locked(env); // without a display no question can be shown, and nobody has dismissed it
  const hint = 'the keyring asked and was not answered: run the command again and type the password of your login';
  return new AppError('store-locked', { store: description, hint });
}

export function noDefaultCollection(env: Environment): AppError<'store-unavailable'> {
  const make = hasDisplay(env)
    ? 'make one, called "Login", in the desktop\'s password program (Passwords and Keys, KWalletManager, KeePassXC)'
    : `run \`${unlockByHand}\``;
  const details = { store: description, problem: 'it has no default keyring', hint: `${make} ${ageInstead}` };
  return new AppError('store-unavailable', details);
}

export function withoutSecret(env: Environment): AppError<'store-unavailable'> {
  return unavailable('it lists the item, but does not give it', env);
}

/** True for an answer that means "there is no such object (any more)". */
export function isGone(error: unknown): boolean {
  return error instanceof BusError && error.failure.kind === 'reply' && goneNames.has(error.failure.name);
}

/** True for any error answer; the connection lives on. */
export function isReply(error: unknown): boolean {
  return error instanceof BusError && error.failure.kind === 'reply';
}

/** True for an answer that means "locked". */
export function isLockedReply(error: unknown): boolean {
  return error instanceof BusError && error.failure.kind === 'reply' && error.failure.name === isLockedName;
}

/** True where the service does not know the algorithm of a session. */
export function isNotSupported(error: unknown): boolean {
  return error instanceof BusError && error.failure.kind === 'reply' && error.failure.name === `${dbus}.NotSupported`;
}

/** True for an error answer that is about this call, not about the state the service is in. */
export function isRefusal(error: unknown): error is BusError {
  return error instanceof BusError && error.failure.kind === 'reply' && !stateNames.has(error.failure.name);
}

export function answerOf(error: BusError): string {
  return error.failure.kind === 'reply' ? `${error.failure.text || 'no reason given'} (${error.failure.name})` : error.message;
}

const dbus = 'org.freedesktop.DBus.Error';
const isLockedName = 'org.freedesktop.Secret.Error.IsLocked';
const goneNames = new Set([
  'org.freedesktop.Secret.Error.NoSuchObject',
  `${dbus}.UnknownObject`,
  `${dbus}.UnknownMethod`,
  `${dbus}.UnknownInterface`,
]);
// NameHasNoOwner is the bus's answer to a call that may not start services.
const absentNames = new Set([`${dbus}.ServiceUnknown`, `${dbus}.NameHasNoOwner`]);

const stateNames = new Set([
  ...absentNames,
  isLockedName,
  // The service was started anew since the session was opened.
  'org.freedesktop.Secret.Error.NoSession',
  `${dbus}.NoReply`,
]);

// The daemon takes all of its input as the password: a typed newline would be part of it, and it does not switch the echo off.
const unlockByHand = `bash -c 'read -rsp "keyring password: " p && printf %s "$p" | gnome-keyring-daemon --replace --unlock >/dev/null 2>&1; echo'`;
const ageStore =
  'use the age store: `age-keygen -o KEYFILE`, then `store = age` and `age_key_file = KEYFILE` under [rolekeeper] in ~/.aws/config';
const ageInstead = `or ${ageStore}`;

function fromFailure(failure: BusFailure, env: Environment, cause: BusError): AppError {
  switch (failure.kind) {
    case 'no-bus':
      return new AppError('store-unavailable', { store: description, problem: failure.problem, hint: noBusHint(env) }, cause);
    case 'refused':
      return unavailable(`the session bus refused this user (${failure.problem})`, env, cause);
    case 'ended':
      return unavailable(failure.problem, env, cause);
    case 'malformed':
      return unavailable(`the bus sent ${failure.problem}`, env, cause);
    case 'deadline':
      return unavailable(`no answer in ${failure.afterMs / 1000} s`, env, cause);
    case 'reply':
      return fromReply(failure.name, failure.text, env, cause);
    default:
      return failure satisfies never;
  }
}

function fromReply(name: string, text: string, env: Environment, cause: BusError): AppError {
  if (name === isLockedName) return locked(env);
  if (absentNames.has(name) || name.startsWith(`${dbus}.Spawn.`)) {
    const details = { store: description, problem: 'no keyring service runs on the session bus', hint: noServiceHint(env) };
    return new AppError('store-unavailable', details, cause);
  }
  if (name === `${dbus}.NoReply`) return unavailable('it ended in the middle of an answer', env, cause);
  return unavailable(`${text || 'no reason given'} (${name})`, env, cause);
}

function unavailable(problem: string, env: Environment, cause?: unknown): AppError<'store-unavailable'> {
  const hint = hasDisplay(env)
    ? `try again; if that does not help, log out of the desktop and in again, ${ageInstead}`
    : `try again; if that does not help, run \`${unlockByHand}\` ${ageInstead}`;
  return new AppError('store-unavailable', { store: description, problem, hint }, cause);
}

function noBusHint(env: Environment): string {
  const stale = env['DBUS_SESSION_BUS_ADDRESS']
    ? 'run `unset DBUS_SESSION_BUS_ADDRESS` if it is left over from an old session, '
    : '';
  const without = `without a desktop (SSH, WSL, containers) ${ageStore}`;
  return `${stale}${stale === '' ? '' : 'or '}${without}`;
}

function noServiceHint(env: Environment): string {
  const start = hasDisplay(env)
    ? 'run `rolekeeper login`, which may start it, or install gnome-keyring'
    : `run \`${unlockByHand}\``;
  return `${start} ${ageInstead}`;
}

function hasDisplay(env: Environment): boolean {
  return Boolean(env['DISPLAY']) || Boolean(env['WAYLAND_DISPLAY']);
}
