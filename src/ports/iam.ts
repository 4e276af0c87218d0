// A user's access keys in AWS IAM, and how far their rotation has come. Types only.

import type { ProfileName } from '../config/names.ts';
import type { EpochMs } from '../credentials/credentials.ts';
import type { RotationRecord } from '../credentials/rotation-record.ts';
import type { Secret } from '../credentials/secret.ts';
import type { StsCall } from './sts.ts';

/** One access key of an IAM user, as IAM lists it. */
export interface ListedKey {
  readonly accessKeyId: string;
  readonly isActive: boolean;
  readonly createdAt?: EpochMs;
}

export interface NewAccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
}

export interface IamCall extends StsCall {
  /** Named always: IAM cannot tell it from a session's key id. */
  readonly userName: string;
}

/**
 * The access keys of one user in AWS IAM. Throws like `Sts`, also in what concerns the clock. Nothing is tried again: after a `network`
 * or `deadline` it is unknown whether the call was carried out.
 */
export interface Iam {
  /** Two at most. */
  listAccessKeys(call: IamCall): Promise<readonly ListedKey[]>;
  createAccessKey(call: IamCall): Promise<NewAccessKey>;
  /** Like `deleteAccessKey`, a key that is not there any more is no failure. */
  deactivateAccessKey(accessKeyId: string, call: IamCall): Promise<void>;
  deleteAccessKey(accessKeyId: string, call: IamCall): Promise<void>;
}

/** How far the rotation of some keys has come, by their name in the store. */
export interface RotationRecords {
  /** Undefined when there is none, or none that can be understood. Throws `config-unreadable`, `format-newer`. */
  read(keys: ProfileName): RotationRecord | undefined;
  /** Throws `state-unwritable`, `foreign-owner`. */
  keep(keys: ProfileName, record: RotationRecord): void;
  forget(keys: ProfileName): void;
}
