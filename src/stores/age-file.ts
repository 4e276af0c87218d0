// The store in files: one age-encrypted file per item, for machines without a keychain. The key is an age identity: from a key file, or
// wrapped by a passphrase in `identity.age` beside the items. The plain `age` program opens all of it.

import process from 'node:process';
import { type Account, keysNameOf } from '../config/names.ts';
import { Secret } from '../credentials/secret.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { PassphraseLock, Store, StoreManners } from '../ports/store.ts';
import { problemWords } from '../system/problem-words.ts';
import type { AgeKey } from './age-cipher.ts';
import { AgeDirectory, itemFileName } from './age-directory.ts';
import { readKeyFile } from './age-key-file.ts';
import type { AskPassphrase } from './age-passphrase.ts';
import { checkedValue } from './checked-value.ts';

export interface AgeFileOptions {
  /** Where the items are; made, with mode 0700, by the first write. */
  readonly directory: string;
  readonly env: Environment;
  readonly manners: StoreManners;
  /** An identity file as `age-keygen` makes it. Without it the passphrase mode. */
  readonly keyFile?: string;
  /** Only interactive commands have it. Without it, and without a key file, the store is locked. */
  readonly askPassphrase?: AskPassphrase;
  /** Path of the built age-worker. */
  readonly workerScript?: string;
  readonly uid?: number;
}

export function openAgeFile(options: AgeFileOptions): Store {
  return new AgeFileStore(options);
}

const recipientFile = 'recipient';
const identityFile = 'identity.age';
const unlockHint = 'run `rolekeeper unlock`, which asks for its passphrase; the agent then keeps it open until it ends';

class AgeFileStore implements Store {
  readonly kind = 'age';
  readonly description: string;
  readonly directory: string;
  readonly passphraseLock?: PassphraseLock;
  readonly #options: AgeFileOptions;
  readonly #files: AgeDirectory;
  readonly #uid: number | undefined;
  #key: Promise<AgeKey> | undefined;
  /** What the passphrase opened, here or in the process that handed it over. */
  #opened: AgeKey | undefined;

  constructor(options: AgeFileOptions) {
    this.directory = options.directory;
    this.description = `the age store in ${options.directory}`;
    this.#options = options;
    this.#uid = options.uid ?? process.getuid?.();
    this.#files = new AgeDirectory({ path: options.directory, uid: this.#uid, description: this.description });
    if (options.keyFile === undefined) this.passphraseLock = this.#createLock();
  }

  async get(account: Account): Promise<Secret | undefined> {
    const { decryptItem } = await import('./age-cipher.ts');
    const key = await this.#openKey();
    const name = itemFileName(account);
    const bytes = this.#files.read(name);
    if (bytes === undefined) return undefined;
    const text = await decryptItem(bytes, key);
    if (text !== undefined) return new Secret(text);
    await this.#checkStillOwner(key);
    // The key is the right one, so this file is damaged. Keys stay where they are: nothing makes them anew, and whoever has a backup must
    // be told of the file. All else is put away, and its owner makes another.
    const keys = keysNameOf(account);
    if (keys !== undefined) throw new AppError('keys-broken', { keys, problem: `${this.#files.pathOf(name)} is damaged` });
    this.#files.setAside(name, bytes);
    return undefined;
  }

  async set(account: Account, value: Secret): Promise<void> {
    const text = checkedValue(this.description, account, value);
    const { encryptItem } = await import('./age-cipher.ts');
    const key = await this.#openKey();
    await this.#checkStillOwner(key);
    const [recipient = ''] = key.recipients;
    const bytes = await encryptItem(text, key);
    this.#orRejected(account, () => {
      // Before the first item: it says whose key opens them.
      if (this.#files.read(recipientFile) === undefined) this.#files.create(recipientFile, Buffer.from(`${recipient}\n`));
      this.#files.replace(itemFileName(account), bytes);
    });
  }

  async delete(account: Account): Promise<boolean> {
    await this.#openKey(); // locked is never "absent"
    return this.#orRejected(account, () => this.#files.delete(itemFileName(account)));
  }

  async close(): Promise<void> {
    this.#forgetKey();
  }

  #createLock(): PassphraseLock {
    return {
      isInUse: () => !this.#isEmpty(),
      isOpen: () => this.#opened !== undefined,
      open: async () => new Secret((await this.#openKey()).identities.join('\n')),
      accept: (identity) => this.#accept(identity),
      lock: () => this.#forgetKey(),
    };
  }

  async #accept(identity: Secret): Promise<void> {
    const { parseKeyFile } = await import('./age-cipher.ts');
    const key = await parseKeyFile(identity.reveal());
    // In an empty store nothing could tell whose it is.
    if (key === undefined || this.#isEmpty()) throw this.#locked(unlockHint);
    await this.#checkOwner(key);
    this.#forgetKey();
    this.#opened = key;
  }

  #forgetKey(): void {
    this.#key = undefined;
    this.#opened = undefined;
  }

  #openKey(): Promise<AgeKey> {
    this.#key ??= this.#readKey().catch((error) => {
      this.#key = undefined;
      throw error;
    });
    return this.#key;
  }

  async #readKey(): Promise<AgeKey> {
    if (this.#opened !== undefined) return this.#opened;
    const { keyFile } = this.#options;
    const key = keyFile === undefined ? await this.#askForKey() : await this.#keyFrom(keyFile);
    await this.#checkOwner(key);
    if (keyFile === undefined) this.#opened = key;
    return key;
  }

  async #keyFrom(path: string): Promise<AgeKey> {
    return await readKeyFile(path, { uid: this.#uid, store: this.description, isNew: () => this.#isUnused() });
  }

  async #askForKey(): Promise<AgeKey> {
    const { askPassphrase, env, manners, workerScript } = this.#options;
    const wrapped = this.#files.read(identityFile);
    if (wrapped === undefined && !this.#isUnused()) throw this.#locked(this.#rightKeyHint(await this.#owner()));
    if (askPassphrase === undefined) throw this.#isEmpty() ? this.#nothingThere() : this.#locked(unlockHint);
    const { openIdentity } = await import('./age-passphrase.ts');
    return await openIdentity({
      ...{ wrapped, askPassphrase, env, deadlineMs: manners.deadlineMs, store: this.description },
      ...(workerScript === undefined ? {} : { workerScript }),
      keep: (bytes) => this.#keepIdentity(bytes),
    });
  }

  #keepIdentity(bytes: Buffer): boolean {
    try {
      return this.#files.create(identityFile, bytes);
    } catch (error) {
      if (isAppError(error) && !isAppError(error, 'state-unwritable')) throw error;
      const problem = `${identityFile} cannot be written: ${writeProblem(error)}`;
      const hint = `check the permissions and the space left: df -h ${this.#options.directory}`;
      throw new AppError('store-unavailable', { store: this.description, problem, hint }, error);
    }
  }

  /** Refuses a key that does not open what is there, so that a file which does not open is known to be damaged. */
  async #checkOwner(key: AgeKey): Promise<void> {
    const owner = await this.#owner();
    if (owner !== undefined && key.recipients.includes(owner)) return;
    if (owner !== undefined) throw this.#locked(this.#rightKeyHint(owner));
    // The note is lost or damaged: whatever opens any of the items is the right key.
    const names = this.#files.list().filter((name) => name !== identityFile);
    for (const name of names) {
      const opener = await this.#openerOf(name, key);
      if (opener !== undefined) return this.#noteOwner(opener);
    }
    if (names.length > 0) throw this.#locked(this.#rightKeyHint(undefined));
  }

  /** The agent keeps a key for days, and the store may have been made anew since: its files are not damaged then. */
  async #checkStillOwner(key: AgeKey): Promise<void> {
    try {
      await this.#checkOwner(key);
    } catch (error) {
      this.#forgetKey();
      throw error;
    }
  }

  async #openerOf(name: string, { identities, recipients }: AgeKey): Promise<string | undefined> {
    const { decryptItem } = await import('./age-cipher.ts');
    const bytes = this.#files.read(name);
    if (bytes === undefined) return undefined;
    for (const [n, identity] of identities.entries()) {
      if ((await decryptItem(bytes, { identities: [identity], recipients: [] })) !== undefined) return recipients[n];
    }
    return undefined;
  }

  /** Whose key opens the items, as the first write has noted; undefined when the note is not there or damaged, were it by a letter. */
  async #owner(): Promise<string | undefined> {
    const { isRecipient } = await import('./age-cipher.ts');
    const note = this.#files.read(recipientFile)?.toString('utf8').trim();
    return note !== undefined && isRecipient(note) ? note : undefined;
  }

  /** True before the first item, be it that a passphrase was chosen already. */
  #isEmpty(): boolean {
    return this.#files.read(recipientFile) === undefined && this.#files.list().every((name) => name === identityFile);
  }

  /** True before the first write: there is nothing yet that a key could be wrong for. */
  #isUnused(): boolean {
    return this.#files.read(recipientFile) === undefined && this.#files.list().length === 0;
  }

  #noteOwner(recipient: string): void {
    try {
      this.#files.replace(recipientFile, Buffer.from(`${recipient}\n`));
    } catch (error) {
      if (isAppError(error) && !isAppError(error, 'state-unwritable')) throw error;
      // A disk that takes no writes: reading goes on without the note.
    }
  }

  #orRejected<T>(account: Account, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (isAppError(error) && !isAppError(error, 'state-unwritable')) throw error;
      throw new AppError('store-rejected', { store: this.description, account, problem: writeProblem(error) }, error);
    }
  }

  #locked(hint: string): AppError<'store-locked'> {
    return new AppError('store-locked', { store: this.description, hint });
  }

  #rightKeyHint(owner: string | undefined): string {
    // An opened identity was the right one: the store has another since.
    if (this.#opened !== undefined) return unlockHint;
    const which = owner === undefined ? 'the key' : `the key of ${owner},`;
    const { directory } = this.#options;
    return `point ROLEKEEPER_AGE_KEY_FILE (or age_key_file) at ${which} with which it was made; if that is lost, remove ${directory}`;
  }

  /** Nobody chose its key yet: that is no lock that somebody could open. */
  #nothingThere(): AppError<'store-locked'> {
    const hint =
      'begin with `rolekeeper import PROFILE` in a terminal, which lets you choose a passphrase; or first give it a key file: `age-keygen -o FILE` and `export ROLEKEEPER_AGE_KEY_FILE=FILE`';
    return new AppError('store-locked', { store: this.description, state: 'is empty', hint });
  }
}

// The directory could not be made, or the file not written.
function writeProblem(error: unknown): string {
  return isAppError(error, 'state-unwritable') ? `${error.details.path}: ${error.details.problem}` : problemWords(error);
}
