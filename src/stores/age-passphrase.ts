// The passphrase mode of the age store: the passphrase wraps one identity. The wrapping runs in a child process (age-worker.ts).

import type { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports.ts';
import { type AgeKey, parseKeyFile } from './age-cipher.ts';
import { type WorkerAnswer, WorkerError, WorkerProcess, type WorkerRequest, workerScript } from './worker-process.ts';

/** `open`: the passphrase that was chosen before. `choose`: a new one, which the asker has confirmed. */
export type AskPassphrase = (purpose: 'open' | 'choose') => Promise<Secret>;

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
  const passphrase = await options.askPassphrase(options.wrapped === undefined ? 'choose' : 'open');
  const keyFile =
    options.wrapped === undefined ? await create(passphrase, options) : await open(options.wrapped, passphrase, options);
  const key = await parseKeyFile(keyFile);
  if (key === undefined) throw unavailable(options.store, 'identity.age holds no age identity');
  return key;
}

async function open(wrapped: Buffer, passphrase: Secret, options: OpenIdentityOptions): Promise<string> {
  const answer = await askWorker({ verb: 'open', passphrase: passphrase.reveal(), wrapped: wrapped.toString('base64') }, options);
  if (typeof answer === 'string') return answer;
  const hint = 'the passphrase is wrong, or identity.age is damaged: run the command again';
  throw new AppError('store-locked', { store: options.store, hint });
}

async function create(passphrase: Secret, options: OpenIdentityOptions): Promise<string> {
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
