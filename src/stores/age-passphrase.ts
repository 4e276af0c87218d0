// The passphrase mode of the age store: the passphrase wraps one identity. The wrapping runs in a child process (age-worker.ts).

import type { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import { type AgeKey, parseKeyFile } from './age-cipher.ts';
import { type WorkerAnswer, WorkerError, WorkerProcess, type WorkerRequest, workerScript } from './worker-process.ts';

/**
 * `open`: the passphrase that was chosen before. `again`: the same after a wrong one; undefined where nobody can be asked twice.
 * `choose`: a new one, which the asker has confirmed.
 */
export type AskPassphrase = (purpose: PassphrasePurpose) => Promise<Secret | undefined>;
export type PassphrasePurpose = 'open' | 'again' | 'choose';

const tries = 3;

export interface OpenIdentityOptions {
  /** What identity.age holds; undefined when there is none, and one is to be made. */
  readonly wrapped: Buffer | undefined;
  readonly askPassphrase: AskPassphrase;
  readonly env: Environment;
  readonly deadlineMs: number;
  /** For messages. */
  readonly store: string;
  readonly workerScript?: string;
  /** Keeps a new wrapped identity; false when another process has made one meanwhile. */
  readonly keep: (bytes: Buffer) => boolean;
}

/** Asks for the passphrase and opens the identity. Throws `store-locked` for a wrong one, `store-unavailable`. */
export async function openIdentity(options: OpenIdentityOptions): Promise<AgeKey> {
  const keyFile = options.wrapped === undefined ? await create(options) : await open(options.wrapped, options);
  const key = await parseKeyFile(keyFile);
  if (key === undefined) throw unavailable(options.store, 'identity.age holds no age identity');
  return key;
}

async function open(wrapped: Buffer, options: OpenIdentityOptions): Promise<string> {
  for (let count = 0; count < tries; count += 1) {
    const passphrase = await options.askPassphrase(count === 0 ? 'open' : 'again');
    if (passphrase === undefined) break;
    const request = { verb: 'open', passphrase: passphrase.reveal(), wrapped: wrapped.toString('base64') } as const;
    const answer = await askWorker(request, options);
    if (typeof answer === 'string') return answer;
  }
  const hint = 'run the command again; if the passphrase is the right one, identity.age is damaged';
  throw new AppError('store-locked', { store: options.store, state: 'was not opened: the passphrase is wrong', hint });
}

async function create(options: OpenIdentityOptions): Promise<string> {
  const passphrase = await options.askPassphrase('choose');
  if (passphrase === undefined) throw unavailable(options.store, 'no passphrase was chosen');
  const answer = await askWorker({ verb: 'create', passphrase: passphrase.reveal() }, options);
  const [keyFile, wrapped] = String(answer)
    .split(' ')
    .map((word) => Buffer.from(word, 'base64'));
  if (keyFile === undefined || wrapped === undefined) throw unavailable(options.store, 'no identity could be made');
  if (options.keep(wrapped)) return keyFile.toString('utf8');
  const hint = 'another command has just chosen its passphrase: run this one again';
  throw new AppError('store-locked', { store: options.store, hint });
}

async function askWorker(request: WorkerRequest, options: OpenIdentityOptions): Promise<WorkerAnswer> {
  const worker = new WorkerProcess(options.workerScript ?? workerScript('age-worker'), options.env);
  try {
    return await worker.ask(request, options.deadlineMs);
  } catch (error) {
    if (!(error instanceof WorkerError)) throw error;
    const { failure } = error;
    throw unavailable(
      options.store,
      failure.kind === 'deadline' ? `no answer in ${failure.afterMs / 1000} s` : failure.problem,
      error,
    );
  } finally {
    await worker.close();
  }
}

function unavailable(store: string, problem: string, cause?: unknown): AppError<'store-unavailable'> {
  const hint = 'try again; opening it takes some seconds and 350 MB of memory';
  return new AppError('store-unavailable', { store, problem, hint }, cause);
}
