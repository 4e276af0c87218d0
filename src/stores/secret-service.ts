// The store on Linux: the desktop's keyring over the Secret Service API, with keytar's item layout.
// One connection, opened at the first call; in `get` and in background work it never asks anybody anything and starts nothing.

import process from 'node:process';
import type { Account } from '../config/names.ts';
import { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { Environment, Store, StoreManners } from '../ports.ts';
import { checkedValue, serviceName } from './checked-value.ts';
import { busSocketPaths } from './dbus-address.ts';
import { boolean, sequence, WireError } from './dbus-codec.ts';
import { type BusConnection, BusError, connectToBus } from './dbus-connection.ts';
import { Deadline } from './deadline.ts';
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
  explained,
  isGone,
  isNotSupported,
  isRefusal,
  locked,
  lockedItem,
  noDefaultCollection,
  wantsAnswer,
  withoutSecret,
} from './secret-service-errors.ts';

export interface SecretServiceOptions {
  readonly env: Environment;
  readonly manners: StoreManners;
  /** Best first; for tests, which force the second. */
  readonly algorithms?: readonly ('plain' | 'dh')[];
}

export function openSecretService(options: SecretServiceOptions): Store {
  return new SecretServiceStore(options);
}

class SecretServiceStore implements Store {
  readonly kind = 'keychain';
  readonly description = description;
  readonly #options: SecretServiceOptions;
  #service: Promise<OpenService> | undefined;

  constructor(options: SecretServiceOptions) {
    this.#options = options;
  }

  get(account: Account): Promise<Secret | undefined> {
    return this.#run((service) => service.get(account));
  }

  async set(account: Account, value: Secret): Promise<void> {
    const text = checkedValue(description, account, value);
    await this.#run((service) => service.set(account, Buffer.from(text)));
  }

  delete(account: Account): Promise<boolean> {
    return this.#run((service) => service.delete(account));
  }

  async close(): Promise<void> {
    const service = this.#service;
    this.#service = undefined;
    const ended = (open: OpenService) => open.connection.close();
    await service?.then(ended, () => undefined); // what never opened need not be closed
  }

  async #run<T>(work: (service: OpenService) => Promise<T>): Promise<T> {
    const deadline = new Deadline(this.#options.manners.deadlineMs);
    try {
      return await this.#attempt(work, deadline);
    } catch (error) {
      throw explained(error, this.#options.env);
    } finally {
      deadline.stop();
    }
  }

  // A connection of an earlier call may have died meanwhile, or the service may have been started anew and forgotten its sessions.
  // All calls can be made twice, so one more attempt on a new connection answers both.
  async #attempt<T>(work: (service: OpenService) => Promise<T>, deadline: Deadline): Promise<T> {
    const earlier = this.#service;
    try {
      return await this.#workOn(work, deadline);
    } catch (error) {
      if (earlier === undefined || deadline.isOver || !(error instanceof BusError || error instanceof WireError)) throw error;
      if (this.#service === earlier) await this.close();
      return await this.#workOn(work, deadline);
    }
  }

  async #workOn<T>(work: (service: OpenService) => Promise<T>, deadline: Deadline): Promise<T> {
    this.#service ??= this.#open(deadline);
    const opening = this.#service;
    const service = await opening.catch((error) => {
      if (this.#service === opening) this.#service = undefined;
      throw error;
    });
    const expire = () => service.connection.fail(new BusError({ kind: 'deadline', afterMs: deadline.afterMs }));
    const forget = deadline.whenOver(expire);
    try {
      return await work(service);
    } finally {
      forget();
      if (!service.connection.isOpen && this.#service === opening) this.#service = undefined;
    }
  }

  async #open(deadline: Deadline): Promise<OpenService> {
    const { env, manners, algorithms = ['plain', 'dh'] } = this.#options;
    const paths = busSocketPaths(env, { uid: process.getuid?.() ?? -1 });
    const connection = await connectToBus(paths, { mayStartServices: manners.prompts === 'allowed', deadline });
    return new OpenService(connection, { env, manners, algorithms });
  }
}

class OpenService {
  readonly connection: BusConnection;
  readonly #options: Required<SecretServiceOptions>;
  #session: Promise<SecretSession> | undefined;

  constructor(connection: BusConnection, options: Required<SecretServiceOptions>) {
    this.connection = connection;
    this.#options = options;
  }

  async get(account: Account): Promise<Secret | undefined> {
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
      const [, prompt] = await this.connection.call(createItem, defaultCollectionPath, [
        itemProperties(serviceName, account),
        secret,
        true,
      ]);
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
      const [isLocked] = await this.connection.call(getProperty, defaultCollectionPath, [
        'org.freedesktop.Secret.Collection',
        'Locked',
      ]);
      return isLocked.value === true;
    } catch (error) {
      throw isGone(error) ? noDefaultCollection(this.#options.env) : error;
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
    try {
      const [secrets] = await this.connection.call(getSecrets, rootPath, [[path], session.path]);
      return secrets.get(path);
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
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
