// The store on Linux: the desktop's keyring over the Secret Service API, with keytar's item layout.
// One connection, opened at the first call; in `get` and in background work it never asks anybody anything and starts nothing.

import process from 'node:process';
import type { Account } from '../config/names.ts';
import type { Secret } from '../credentials/secret.ts';
import type { Environment } from '../ports/environment.ts';
import type { Store, StoreManners } from '../ports/store.ts';
import { checkedValue } from './checked-value.ts';
import { busSocketPaths } from './dbus-address.ts';
import { WireError } from './dbus-codec.ts';
import { BusError, connectToBus } from './dbus-connection.ts';
import { Deadline } from './deadline.ts';
import { description, explained } from './secret-service-errors.ts';
import { SecretServiceItems } from './secret-service-items.ts';

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
  #service: Promise<SecretServiceItems> | undefined;

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
    const ended = (open: SecretServiceItems) => open.connection.close();
    await service?.then(ended, () => undefined); // what never opened need not be closed
  }

  async #run<T>(work: (service: SecretServiceItems) => Promise<T>): Promise<T> {
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
  async #attempt<T>(work: (service: SecretServiceItems) => Promise<T>, deadline: Deadline): Promise<T> {
    const earlier = this.#service;
    try {
      return await this.#workOn(work, deadline);
    } catch (error) {
      if (earlier === undefined || deadline.isOver || !(error instanceof BusError || error instanceof WireError)) throw error;
      if (this.#service === earlier) await this.close();
      return await this.#workOn(work, deadline);
    }
  }

  async #workOn<T>(work: (service: SecretServiceItems) => Promise<T>, deadline: Deadline): Promise<T> {
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

  async #open(deadline: Deadline): Promise<SecretServiceItems> {
    const { env, manners, algorithms = ['plain', 'dh'] } = this.#options;
    const paths = busSocketPaths(env, { uid: process.getuid?.() ?? -1 });
    const connection = await connectToBus(paths, { mayStartServices: manners.prompts === 'allowed', deadline });
    return new SecretServiceItems(connection, { env, manners, algorithms });
  }
}
