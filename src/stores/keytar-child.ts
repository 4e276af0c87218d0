// The store on macOS and Windows: the system's keychain through keytar, in a child process that can be killed when its time is over.
//
// macOS: nothing in keytar forbids dialogs. A read raises one when the login keychain is locked (it is not, while somebody is logged in,
// unless they locked it) and when the item was written by another program than this node: after an upgrade of node, once per item. All
// that can be done here is to end the child at the deadline, and to write only what has changed, which keeps the item's list of trusted
// programs as it is.

import type { Account } from '../config/names.ts';
import { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { Store, StoreManners } from '../ports/store.ts';
import { checkedValue, serviceName } from './checked-value.ts';
import { type RawItems, withChunks } from './windows-chunks.ts';
import { type WorkerAnswer, WorkerError, WorkerProcess, type WorkerRequest, workerScript } from './worker-process.ts';

export interface KeytarChildOptions {
  readonly env: Environment;
  readonly manners: StoreManners;
  readonly platform: NodeJS.Platform;
  /** Path of the built keytar-worker. */
  readonly workerScript?: string;
}

export function openKeytarChild({ env, manners, platform, workerScript: script }: KeytarChildOptions): Store {
  const description = platform === 'darwin' ? 'the macOS keychain' : 'the Windows credential manager';
  const worker = new WorkerProcess(script ?? workerScript('keytar-worker'), env);
  const run = <T>(account: Account, work: (items: RawItems) => Promise<T>) =>
    explained({ description, platform, account }, () => work(itemsOf(worker, platform, performance.now() + manners.deadlineMs)));
  return {
    kind: 'keychain',
    description,
    async get(account) {
      const text = await run(account, (items) => items.get(account));
      return text === undefined ? undefined : new Secret(text);
    },
    async set(account, value) {
      const text = checkedValue(description, account, value);
      await run(account, async (items) => {
        if (platform === 'darwin' && (await items.get(account)) === text) return;
        await items.set(account, text);
      });
    },
    delete: (account) => run(account, (items) => items.delete(account)),
    close: () => worker.close(),
  };
}

interface CallContext {
  readonly description: string;
  readonly platform: NodeJS.Platform;
  readonly account: Account;
}

// All the pieces of one call share its deadline.
function itemsOf(worker: WorkerProcess, platform: NodeJS.Platform, endsAt: number): RawItems {
  const ask = (request: WorkerRequest): Promise<WorkerAnswer> =>
    worker.ask({ service: serviceName, ...request }, Math.max(1, endsAt - performance.now()));
  const items: RawItems = {
    async get(account) {
      const text = await ask({ verb: 'get', account });
      return typeof text === 'string' ? text : undefined;
    },
    async set(account, text) {
      await ask({ verb: 'set', account, text });
    },
    delete: async (account) => (await ask({ verb: 'delete', account })) === true,
  };
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  return platform === 'win32' ? withChunks(items, { pause, random: Math.random }) : items;
}

async function explained<T>(context: CallContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof WorkerError ? explanationOf(error, context) : error;
  }
}

function explanationOf(error: WorkerError, { description: store, platform, account }: CallContext): AppError {
  const { failure } = error;
  const hint = hintOf(platform);
  switch (failure.kind) {
    case 'deadline':
      return new AppError(
        'store-unavailable',
        { store, problem: 'it did not answer in time; it may be asking on the screen', hint },
        error,
      );
    case 'ended':
      return new AppError('store-unavailable', { store, problem: failure.problem, hint }, error);
    case 'refused':
      return refusal(failure.problem, { store, hint, account }, error);
    default:
      return failure satisfies never;
  }
}

// keytar hands on the system's text and no number; where macOS translates it, the second error below says the same in general words.
function refusal(
  problem: string,
  { store, hint, account }: { readonly store: string; readonly hint: string; readonly account: Account },
  cause: unknown,
): AppError {
  if (/cannot find (package|module)|native addon/i.test(problem)) {
    const without =
      'install rolekeeper again with its optional packages, or put `store = age` under [rolekeeper] in ~/.aws/config';
    return new AppError('store-unavailable', { store, problem: 'keytar is not installed for this system', hint: without }, cause);
  }
  if (/interaction is not allowed|locked/i.test(problem)) return new AppError('store-locked', { store, hint }, cause);
  if (/stub received bad data|too (long|large)/i.test(problem))
    return new AppError('store-rejected', { store, account, problem }, cause);
  return new AppError('store-unavailable', { store, problem, hint }, cause);
}

function hintOf(platform: NodeJS.Platform): string {
  return platform === 'darwin'
    ? 'run `security unlock-keychain`, then `rolekeeper login`; or put `store = age` under [rolekeeper] in ~/.aws/config'
    : 'log in to Windows in a session of your own, or put `store = age` under [rolekeeper] in ~/.aws/config';
}
