// What is known of credentials without opening the store. Types only.

import type { KeyId, ProfileName } from '../config/names.ts';
import type { EpochMs } from '../credentials/credentials.ts';
import type { Failure } from '../credentials/plan.ts';

/** What is known of one hop's credentials without opening the store. Never holds a secret. */
export interface StateRecord {
  readonly id: KeyId;
  /** A `sign-in` is no hop: it is what hops of IAM Identity Center are made with. */
  readonly kind: 'session' | 'role' | 'sign-in';
  /** The profile that asked last. */
  readonly profile: ProfileName;
  readonly issuedAt?: EpochMs;
  /**
   * End of what the store has for this id; published only after the store took it. Of a sign-in: until when it makes credentials without
   * a person, as far as is known; the organisation may end it sooner.
   */
  readonly expiresAt?: EpochMs;
  /** Of a sign-in: it has a refresh token. */
  readonly refreshesItself?: boolean;
  readonly failure?: StateFailure;
}

export type StateFailure = Failure;

/** The state directory: one small file per id. Reads never throw for broken files; those are set aside. */
export interface State {
  read(id: KeyId): StateRecord | undefined;
  list(): readonly StateRecord[];
  /** Atomic and durable. Throws `state-unwritable`, `foreign-owner`, `format-newer`. */
  publish(record: StateRecord): void;
  /** With the note of who wanted it. */
  remove(id: KeyId): void;
  /** The ARN of the user whose keys are known under this name: a copy of what the store's item says. */
  principal(keys: ProfileName): string | undefined;
  rememberPrincipal(keys: ProfileName, userArn: string): void;
  forgetPrincipal(keys: ProfileName): void;
  /** What tells one content of a file from another, so that its owner can be remembered; undefined where it cannot be read. Never throws. */
  digestOf(path: string): string | undefined;
  /** Of the person whose state this is; for the names of sessions where no IAM user gives one. */
  userName(): string;
  /** What tells this machine from others that share the store. */
  machineName(): string;
  /** Changes whenever a record was published or removed, by whichever process; just after that also by itself. Never throws. */
  stamp(): string;
  /** Notes that somebody wants these credentials, about once an hour. Never throws: it is only a note. */
  noteAsked(id: KeyId): void;
  /** When somebody last wanted them, within an hour, on the local clock; undefined where nobody is known to. */
  askedAt(id: KeyId): number | undefined;
}
