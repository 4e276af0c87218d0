// Every failure a person can meet: one closed list of codes, each with its text, hint and exit status.
// Knows nothing of where a failure is shown; details are plain values without secrets, so that state files may keep them.

import { shellWord } from './shell-word.ts';

/** The documented exit statuses (rolekeeper(1), EXIT STATUS). */
export type ExitStatus = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 130;

/** What each code needs to make its text. All values are public: they end up on stderr and in state files. */
export interface ErrorDetails {
  readonly usage: { readonly problem: string; readonly hint?: string };
  readonly 'no-terminal': { readonly command: string; readonly instead: string };
  readonly 'config-unreadable': { readonly path: string; readonly problem: string };
  readonly 'config-malformed': { readonly path: string; readonly line: number; readonly problem: string };
  readonly 'config-unwritable': { readonly path: string; readonly problem: string; readonly hint?: string };
  readonly 'edit-refused': { readonly path: string; readonly line: number; readonly problem: string; readonly hint?: string };
  /** `others`: those that there are, where they are few and none is near. */
  readonly 'profile-unknown': {
    readonly profile: string;
    readonly nearest?: string;
    readonly others?: readonly string[];
    readonly path: string;
  };
  readonly 'recipe-invalid': {
    readonly profile: string;
    readonly problem: string;
    readonly chain: readonly string[];
    readonly hint: string;
  };
  readonly 'keys-missing': { readonly keys: string; readonly profile: string };
  readonly 'keys-broken': { readonly keys: string; readonly problem: string };
  readonly 'keys-at-risk': { readonly keys: string; readonly problem: string; readonly hint: string };
  readonly 'keys-of-another-user': {
    readonly keys: string;
    readonly storedArn: string;
    readonly newArn: string;
    readonly proposal: string;
  };
  readonly 'foreign-owner': { readonly path: string; readonly ownerUid: number };
  /** `command` is the whole of it, where it is not a login to `target`: a sign-in by its section, or another program's. */
  readonly 'login-needed': {
    readonly profile: string;
    readonly target: string;
    readonly why: string;
    readonly command?: string;
  };
  readonly 'mfa-refused': {
    readonly serial: string;
    readonly words: string;
    readonly hint: string;
    /** True where the next code may be taken; absent where the device is the matter. */
    readonly isCodeWrong?: boolean;
  };
  /** `setting` holds the command, and `wanted` is what it should have printed. */
  readonly 'program-failed': {
    readonly setting: string;
    readonly wanted: string;
    readonly profile: string;
    readonly problem: string;
    readonly hint?: string;
  };
  /** Of an agent, which runs none: some other process of ours must. */
  readonly 'program-needed': { readonly setting: string; readonly profile: string };
  /** What an identity provider gave, or a file of it: `what` is a web identity token or a SAML assertion. */
  readonly 'identity-unusable': {
    readonly profile: string;
    readonly what: string;
    readonly problem: string;
    readonly hint: string;
  };
  /** What only the environment of a caller can hold. */
  readonly 'environment-lacks': {
    readonly profile: string;
    readonly what: string;
    readonly problem: string;
    readonly hint: string;
  };
  /** The service of a machine or container that hands out its role's credentials. */
  readonly 'machine-failed': { readonly service: string; readonly problem: string; readonly hint: string };
  /** `state`: what it is instead of plainly locked. */
  readonly 'store-locked': { readonly store: string; readonly state?: string; readonly hint: string };
  readonly 'store-unavailable': { readonly store: string; readonly problem: string; readonly hint: string };
  readonly 'store-rejected': { readonly store: string; readonly account: string; readonly problem: string };
  readonly 'format-newer': { readonly what: string; readonly version: number };
  readonly 'aws-refused': {
    readonly doing: string;
    readonly awsCode: string;
    readonly words: string;
    readonly hint: string;
    /** Lines that only the interactive commands print, such as policy statements ready to paste. */
    readonly more?: readonly string[];
    /** True for throttling and the like, which go away by themselves. */
    readonly isTransient: boolean;
  };
  /** A certificate, or its private key, that cannot sign. */
  readonly 'certificate-unusable': { readonly path: string; readonly problem: string; readonly hint: string };
  readonly network: { readonly endpoint: string; readonly problem: string };
  readonly deadline: { readonly doing: string; readonly seconds: number; readonly hint?: string };
  readonly 'state-unwritable': { readonly path: string; readonly problem: string };
  readonly 'rotation-refused': { readonly keys: string; readonly problem: string; readonly hint: string };
  readonly 'agent-running': { readonly socket: string };
  readonly 'agent-absent': { readonly socket: string };
  readonly 'agent-not-mine': { readonly socket: string };
  readonly 'agent-silent': { readonly problem: string; readonly hint: string };
  readonly 'stdout-unwritable': { readonly problem: string };
  readonly 'service-failed': { readonly doing: string; readonly problem: string; readonly hint: string };
  readonly 'proof-failed': { readonly profile: string; readonly problem: string; readonly hint: string };
  readonly 'called-by-itself': { readonly profile: string };
  readonly 'faults-found': { readonly count: number; readonly fixable: number };
  readonly interrupted: Record<never, never>;
  /** The person was asked first, and said no. */
  readonly declined: Record<never, never>;
  readonly unexpected: { readonly problem: string };
}

export type ErrorCode = keyof ErrorDetails;

/** A failure as a state file keeps it: made by `toStored`, taken back by `recallError`. */
export interface StoredError {
  readonly code: ErrorCode;
  readonly details: ErrorDetails[ErrorCode];
}

/** A failure with a code from the list. `message` is one line without a prefix; `hint` is one line a person can act on. */
export class AppError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly details: ErrorDetails[C];
  readonly hint: string | undefined;

  constructor(code: C, details: ErrorDetails[C], cause?: unknown) {
    super(oneLine(words[code].text(details)), cause === undefined ? undefined : { cause });
    const hint = words[code].hint(details);
    this.name = 'AppError';
    this.code = code;
    this.details = details;
    this.hint = hint === undefined ? undefined : oneLine(hint);
  }

  /** True for what goes away without a person: throttling, a lost network, a deadline. */
  get isTransient(): boolean {
    if (isAppError(this, 'aws-refused')) return this.details.isTransient;
    return isAppError(this, 'network', 'deadline');
  }

  toStored(): StoredError {
    return { code: this.code, details: this.details };
  }

  get exitStatus(): ExitStatus {
    return words[this.code].exitStatus;
  }
}

/** True for an AppError with one of the given codes; without codes, for any AppError. */
export function isAppError<C extends ErrorCode>(value: unknown, ...codes: readonly C[]): value is AppError<C> {
  return value instanceof AppError && (codes.length === 0 || codes.some((code) => code === value.code));
}

/** The failure that a state file kept; undefined when it was kept by a version whose codes or details are not ours. */
export function recallError(code: unknown, details: unknown): AppError | undefined {
  if (typeof code !== 'string' || !isErrorCode(code) || !isDetails(details)) return undefined;
  try {
    return new AppError(code, details);
  } catch (error) {
    if (error instanceof TypeError) return undefined; // a detail that the text needs is missing
    throw error;
  }
}

/** Wraps whatever was thrown; an AppError comes back as it is. */
export function toAppError(value: unknown): AppError {
  if (isAppError(value)) return value;
  return new AppError('unexpected', { problem: value instanceof Error ? value.message : String(value) }, value);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(words, code);
}

// Claims no more than an object: what its text lacks shows when the text is made.
function isDetails(details: unknown): details is ErrorDetails[ErrorCode] {
  return typeof details === 'object' && details !== null;
}

interface Words<C extends ErrorCode> {
  readonly exitStatus: ExitStatus;
  text(details: ErrorDetails[C]): string;
  hint(details: ErrorDetails[C]): string | undefined;
}

// Replies of AWS and names from files may hold newlines and terminal escapes; a message is one printable line.
function oneLine(text: string): string {
  return printable(text).trim();
}

/** For a terminal: C0, DEL and C1 controls and the bidirectional overrides become spaces. Whoever named a thing is not always who looks at it. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}

function shortChain(chain: readonly string[]): string {
  return (chain.length > 8 ? [...chain.slice(0, 3), '…', ...chain.slice(-2)] : chain).join(' → ');
}

const words: { readonly [C in ErrorCode]: Words<C> } = {
  usage: {
    exitStatus: 2,
    text: (d) => d.problem,
    hint: (d) => d.hint ?? 'run `rolekeeper --help`',
  },
  'no-terminal': {
    exitStatus: 2,
    text: (d) => `${d.command} needs to ask, and there is no terminal`,
    hint: (d) => d.instead,
  },
  'config-unreadable': {
    exitStatus: 3,
    text: (d) => `could not read ${d.path}: ${d.problem}`,
    hint: (d) => `check the file and its permissions: \`ls -l ${shellWord(d.path)}\``,
  },
  'config-malformed': {
    exitStatus: 3,
    text: (d) => `${d.path}:${d.line}: ${d.problem}`,
    hint: () => 'mend that line; the AWS CLI refuses the file as well',
  },
  'config-unwritable': {
    exitStatus: 3,
    text: (d) => `could not write ${d.path}: ${d.problem}; the file is as it was`,
    hint: (d) => d.hint ?? 'check the permissions of the file and its directory, and the space left on the disk',
  },
  'edit-refused': {
    exitStatus: 3,
    text: (d) => `will not edit ${d.path}:${d.line}: ${d.problem}`,
    hint: (d) => d.hint ?? 'change that place by hand, then run the command again',
  },
  'profile-unknown': {
    exitStatus: 3,
    text: (d) => `there is no profile "${d.profile}" in ${d.path}`,
    hint: (d) => {
      if (d.nearest !== undefined) return `did you mean "${d.nearest}"?`;
      return d.others === undefined ? 'run `rolekeeper status`' : `say one of: ${d.others.join(', ')}`;
    },
  },
  'recipe-invalid': {
    exitStatus: 3,
    text: (d) => `profile "${d.profile}"${d.chain.length > 1 ? ` (${shortChain(d.chain)})` : ''}: ${d.problem}`,
    hint: (d) => d.hint,
  },
  'keys-missing': {
    exitStatus: 3,
    text: (d) => `profile "${d.profile}" needs the access keys "${d.keys}", which are not in the store`,
    hint: (d) =>
      `run \`rolekeeper import ${shellWord(d.keys)}\` (keys in a file) or \`rolekeeper add ${shellWord(d.keys)}\` (to type them)`,
  },
  'keys-broken': {
    exitStatus: 5,
    text: (d) => `the store's item keys/${d.keys} cannot be read: ${d.problem}`,
    hint: (d) => `put the keys in again: \`rolekeeper add ${shellWord(d.keys)}\``,
  },
  'keys-at-risk': {
    exitStatus: 3,
    text: (d) => `keys/${d.keys}: ${d.problem}; its keys would be lost, so nothing was removed`,
    hint: (d) => d.hint,
  },
  'keys-of-another-user': {
    exitStatus: 3,
    text: (d) => `the store holds keys "${d.keys}" of ${d.storedArn}; these belong to ${d.newArn}`,
    hint: (d) => d.proposal,
  },
  'foreign-owner': {
    exitStatus: 3,
    text: (d) => `${d.path} belongs to another user (uid ${d.ownerUid}); nothing was written`,
    hint: () => 'run rolekeeper as yourself, without sudo',
  },
  'login-needed': {
    exitStatus: 4,
    text: (d) => `${d.why}`,
    hint: (d) => `run \`${d.command ?? `rolekeeper login ${shellWord(d.target)}`}\``,
  },
  'mfa-refused': {
    exitStatus: 6,
    text: (d) => `AWS refused the MFA code for ${d.serial}: ${d.words}`,
    hint: (d) => d.hint,
  },
  'program-failed': {
    exitStatus: 3,
    text: (d) => `${d.setting} of "${d.profile}" gave no ${d.wanted}: ${d.problem}`,
    hint: (d) => d.hint ?? `run the command of ${d.setting} by hand`,
  },
  'program-needed': {
    exitStatus: 3,
    text: (d) => `${d.setting} of "${d.profile}" has to run, which is none of the agent's business`,
    hint: (d) => `run \`rolekeeper refresh ${shellWord(d.profile)}\``,
  },
  'identity-unusable': {
    exitStatus: 3,
    text: (d) => `the ${d.what} for "${d.profile}" cannot be used: ${d.problem}`,
    hint: (d) => d.hint,
  },
  'environment-lacks': {
    exitStatus: 3,
    text: (d) => `profile "${d.profile}" starts from ${d.what}, and ${d.problem}`,
    hint: (d) => d.hint,
  },
  'machine-failed': {
    exitStatus: 7,
    text: (d) => `${d.service} gave no credentials: ${d.problem}`,
    hint: (d) => d.hint,
  },
  'store-locked': {
    exitStatus: 5,
    text: (d) => `${d.store} ${d.state ?? 'is locked'}`,
    hint: (d) => d.hint,
  },
  'store-unavailable': {
    exitStatus: 5,
    text: (d) => `${d.store} does not answer: ${d.problem}`,
    hint: (d) => d.hint,
  },
  'store-rejected': {
    exitStatus: 5,
    text: (d) => `${d.store} did not take ${d.account}: ${d.problem}`,
    hint: () => 'look at the space, the permissions and the settings of that store, then run the command again',
  },
  'format-newer': {
    exitStatus: 5,
    text: (d) => `${d.what} was written by a newer rolekeeper (format ${d.version}); it was left alone`,
    hint: () => 'upgrade this rolekeeper',
  },
  'aws-refused': {
    exitStatus: 6,
    text: (d) => `AWS refused ${d.doing}: ${d.words} (${d.awsCode})`,
    hint: (d) => d.hint,
  },
  'certificate-unusable': {
    exitStatus: 3,
    text: (d) => `${d.path}: ${d.problem}`,
    hint: (d) => d.hint,
  },
  network: {
    exitStatus: 7,
    text: (d) => `could not reach ${d.endpoint}: ${d.problem}`,
    hint: () => 'check the network and the proxy settings, then try again',
  },
  deadline: {
    exitStatus: 7,
    text: (d) => `${d.doing} took longer than ${d.seconds} s`,
    hint: (d) => d.hint ?? 'try again',
  },
  'state-unwritable': {
    exitStatus: 1,
    text: (d) => `could not write ${d.path}: ${d.problem}`,
    hint: () => 'check the permissions of that directory and the space left on the disk',
  },
  'rotation-refused': {
    exitStatus: 1,
    text: (d) => `could not rotate the keys "${d.keys}": ${d.problem}`,
    hint: (d) => d.hint,
  },
  'agent-running': {
    exitStatus: 1,
    text: () => 'another agent of yours is running already',
    hint: () => 'run `rolekeeper agent status`, or `rolekeeper agent restart`',
  },
  'agent-absent': {
    exitStatus: 1,
    text: (d) => `no agent answers at ${d.socket}`,
    hint: () => 'run `rolekeeper agent start`',
  },
  'agent-not-mine': {
    exitStatus: 1,
    text: (d) => `the agent at ${d.socket} belongs to another HOME or state directory of yours`,
    hint: () =>
      'give this HOME a place of its own, for all its programs: `export ROLEKEEPER_RUNTIME_DIR=DIRECTORY`, then `rolekeeper agent start`',
  },
  'agent-silent': {
    exitStatus: 1,
    text: (d) => `the agent is not as it should be: ${d.problem}`,
    hint: (d) => d.hint,
  },
  'stdout-unwritable': {
    exitStatus: 1,
    text: (d) => `could not write to stdout: ${d.problem}`,
    hint: () => 'look at where the output goes, and at the space left there: `df -h`',
  },
  'service-failed': {
    exitStatus: 1,
    text: (d) => `${d.doing}: ${d.problem}`,
    hint: (d) => d.hint,
  },
  'proof-failed': {
    exitStatus: 1,
    text: (d) => `"${d.profile}" does not work yet: ${d.problem}`,
    hint: (d) => d.hint,
  },
  'called-by-itself': {
    exitStatus: 3,
    text: (d) => `profile "${d.profile}" leads back to rolekeeper itself`,
    hint: (d) => `run \`rolekeeper status ${shellWord(d.profile)}\` and mend its source_profile or the command that it runs`,
  },
  'faults-found': {
    exitStatus: 8,
    text: (d) => `doctor found ${d.count === 1 ? 'one fault' : `${d.count} faults`}`,
    hint: (d) => (d.fixable === 0 ? undefined : `\`rolekeeper doctor --fix\` mends ${d.fixable} of them`),
  },
  interrupted: {
    exitStatus: 130,
    text: () => 'interrupted',
    hint: () => undefined,
  },
  declined: {
    exitStatus: 130,
    text: () => 'nothing was changed',
    hint: () => undefined,
  },
  unexpected: {
    exitStatus: 1,
    text: (d) => `unexpected failure: ${d.problem}`,
    hint: () => 'run it again with --debug and report what it says',
  },
};
