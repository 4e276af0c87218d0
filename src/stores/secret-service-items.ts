// Items over an open connection to the Secret Service: find, read, write, delete, and the locks and prompts in the way.

import type { Account } from '../config/names.ts';
import { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { StoreManners } from '../ports/store.ts';
import { serviceName } from './checked-value.ts';
import { boolean, sequence, WireError } from './dbus-codec.ts';
import type { BusConnection, Method } from './dbus-connection.ts';
import {
  attributesOf,
  contentType,
  createItem,
  defaultCollectionPath,
  deleteItem,
  dismissPrompt,
  getProperty,
  getSecrets,
  itemProperties,
  noPath,
  openSession,
  promptCompleted,
  readAlias,
  rootPath,
  type SecretSession,
  searchCollection,
  searchItems,
  setSecret,
  startPrompt,
  unlock,
  type WireSecret,
} from './secret-service-api.ts';
import {
  answerOf,
  description,
  dismissed,
  isGone,
  isLockedReply,
  isNotSupported,
  isRefusal,
  isReply,
  locked,
  lockedItem,
  noDefaultCollection,
  wantsAnswer,
  withoutSecret,
} from './secret-service-errors.ts';

export interface ItemOptions {
  readonly env: Environment;
  readonly manners: StoreManners;
  readonly algorithms: readonly ('plain' | 'dh')[];
}

export class SecretServiceItems {
  readonly connection: BusConnection;
  readonly #options: ItemOptions;
  #session: Promise<SecretSession> | undefined;

  constructor(connection: BusConnection, options: ItemOptions) {
    this.connection = connection;
    this.#options = options;
  }

  async get(account: Account): Promise<Secret | undefined> {
    return (await this.#getAtOnce(account)) ?? (await this.#getThoroughly(account));
  }

  // The usual case in two turns: an item of the default collection, which is open. A search of one collection raises no dialog.
  async #getAtOnce(account: Account): Promise<Secret | undefined> {
    const searching = this.connection.call(searchCollection, defaultCollectionPath, [attributesOf(serviceName, account)]);
    const [isLocked, [paths], session] = await Promise.all([
      this.#isDefaultCollectionLocked(),
      orUndefined(searching, isReply).then((found) => found ?? [[]]),
      this.#openSession(),
    ]);
    const [path] = paths;
    if (isLocked || path === undefined) return undefined;
    const secret = await orUndefined(this.#secretOf(path, session), isLockedReply);
    return secret === undefined ? undefined : new Secret(session.open(secret).toString('utf8'));
  }

  async #getThoroughly(account: Account): Promise<Secret | undefined> {
    // An item may be deleted between the two calls; the second round then finds nothing.
    for (let round = 0; round < 2; round++) {
      const [paths, session] = await Promise.all([this.#find(account), this.#openSession()]);
      const [path] = paths;
      if (path === undefined) return undefined;
      const secret = await this.#secretOf(path, session);
      if (secret !== undefined) return new Secret(session.open(secret).toString('utf8'));
    }
    throw withoutSecret(this.#options.env);
  }

  async set(account: Account, value: Buffer): Promise<void> {
    const [paths, session] = await Promise.all([this.#find(account), this.#openSession()]);
    const secret = session.seal(value);
    try {
      const [path] = paths;
      // KeePassXC asks the user before CreateItem replaces another program's item; SetSecret it just does.
      if (path !== undefined && (await this.#overwrite(path, secret))) return;
      const [, prompt] = await this.#askDefaultCollection(createItem, [itemProperties(serviceName, account), secret, true]);
      // Whatever the manners: the collection is open and there was no such item, so there is nothing to ask about. KeePassXC makes
      // every new item behind such a prompt, without a dialog.
      if (prompt !== noPath) await this.#completePrompt(prompt);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      throw new AppError('store-rejected', { store: description, account, problem: answerOf(error) }, error);
    }
  }

  async delete(account: Account): Promise<boolean> {
    const paths = await this.#find(account);
    const deleted = await Promise.all(paths.map((path) => this.#deleteItem(path)));
    return deleted.includes(true);
  }

  /** Items that can be read. Empty means absent: where something is locked this throws, or asks and looks again. */
  async #find(account: Account): Promise<readonly string[]> {
    await this.#unlockDefaultCollection();
    const attributes = attributesOf(serviceName, account);
    const [readable, lockedItems] = await this.connection.call(searchItems, rootPath, [attributes]);
    if (readable.length > 0 || lockedItems.length === 0) return readable;
    // The collection is open and the item is not: KeePassXC, which asks about every program that comes along.
    await this.#unlock(lockedItems, lockedItem());
    const [nowReadable] = await this.connection.call(searchItems, rootPath, [attributes]);
    if (nowReadable.length === 0) throw lockedItem();
    return nowReadable;
  }

  // Before the search, and not after one that found nothing: while all is locked, KeePassXC answers a search with its dialog, and when
  // that is cancelled it says that there is no such item.
  async #unlockDefaultCollection(): Promise<void> {
    const isLocked = await this.#isDefaultCollectionLocked();
    if (!isLocked) return;
    const [path] = await this.connection.call(readAlias, rootPath, ['default']);
    await this.#unlock([path], locked(this.#options.env));
  }

  async #isDefaultCollectionLocked(): Promise<boolean> {
    try {
      const [isLocked] = await this.#askDefaultCollection(getProperty, ['org.freedesktop.Secret.Collection', 'Locked']);
      return isLocked.value === true;
    } catch (error) {
      throw isGone(error) ? noDefaultCollection(this.#options.env) : error;
    }
  }

  // gnome-keyring 42 now and then takes the alias for another path, of stray bytes, and says that there is no such object. The next call
  // finds it.
  async #askDefaultCollection<A, R>(method: Method<A, R>, args: A): Promise<R> {
    const ask = () => this.connection.call(method, defaultCollectionPath, args);
    try {
      return await ask();
    } catch (error) {
      if (!isGone(error)) throw error;
      return await ask();
    }
  }

  // Asking to unlock raises no dialog; following the prompt does. A keyring with an empty password opens without one.
  async #unlock(paths: readonly string[], otherwise: AppError): Promise<void> {
    const [, prompt] = await this.connection.call(unlock, rootPath, [paths]);
    await this.#followPrompt(prompt, otherwise);
  }

  async #followPrompt(path: string, otherwise: AppError): Promise<void> {
    if (path === noPath) return;
    if (this.#options.manners.prompts === 'never') {
      this.connection.call(dismissPrompt, path, []).catch(() => undefined); // a courtesy: the call has failed either way
      throw otherwise;
    }
    await this.#completePrompt(path);
  }

  async #completePrompt(path: string): Promise<void> {
    const completed = this.connection.nextSignal({ path, ...promptCompleted }, sequence(boolean));
    // No window of ours to put the dialog on: an empty identifier.
    const [[wasDismissed]] = await Promise.all([completed, this.connection.call(startPrompt, path, [''])]);
    if (wasDismissed) throw dismissed(this.#options.env);
  }

  async #secretOf(path: string, session: SecretSession): Promise<WireSecret | undefined> {
    const answer = await orUndefined(this.connection.call(getSecrets, rootPath, [[path], session.path]), isGone);
    return answer?.[0].get(path);
  }

  /** False when the item is no longer there. */
  async #overwrite(path: string, secret: WireSecret): Promise<boolean> {
    try {
      await this.connection.call(setSecret, path, [secret]);
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  async #deleteItem(path: string): Promise<boolean> {
    try {
      const [prompt] = await this.connection.call(deleteItem, path, []);
      await this.#followPrompt(prompt, wantsAnswer());
      return true;
    } catch (error) {
      if (isGone(error)) return false; // somebody else was faster
      throw error;
    }
  }

  #openSession(): Promise<SecretSession> {
    this.#session ??= this.#negotiate().catch((error) => {
      this.#session = undefined;
      throw error;
    });
    return this.#session;
  }

  async #negotiate(): Promise<SecretSession> {
    const [first, second] = this.#options.algorithms;
    if (first === 'dh') return await this.#openEncrypted();
    try {
      const [, path] = await this.connection.call(openSession, rootPath, ['plain', { type: 's', value: '' }]);
      const nothing = Buffer.alloc(0);
      return { path, seal: (value) => [path, nothing, value, contentType], open: ([, , value]) => value };
    } catch (error) {
      if (second === undefined || !isNotSupported(error)) throw error;
      return await this.#openEncrypted();
    }
  }

  async #openEncrypted(): Promise<SecretSession> {
    const { dhAlgorithm, startKeyExchange } = await import('./secret-service-dh.ts');
    const exchange = startKeyExchange();
    const input = { type: 'ay', value: exchange.publicKey } as const;
    const [output, path] = await this.connection.call(openSession, rootPath, [dhAlgorithm, input]);
    if (output.type !== 'ay') throw new WireError('a key exchange without a key');
    return exchange.finish(output.value, path);
  }
}

/** What the promise brings; undefined for a failure that is one of the expected. */
async function orUndefined<T>(promise: Promise<T>, isExpected: (error: unknown) => boolean): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isExpected(error)) return undefined;
    throw error;
  }
}
