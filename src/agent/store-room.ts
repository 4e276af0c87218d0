// One store, the memory before it, and the refreshes under way in it: where the agent's credentials come from.
// A store that does not answer takes nothing away: what is in memory and valid is served on.

import type { KeyId, ProfileName } from '../config/names.ts';
import { certificateOf, lastStepOf, type Recipe, type Step } from '../config/recipe.ts';
import { freshnessOf, isComfortable, isValid } from '../credentials/plan.ts';
import type { Secret } from '../credentials/secret.ts';
import { AppError, isAppError } from '../errors.ts';
import { knownPrincipal } from '../hops/keys.ts';
import { Flights } from '../refresh/flights.ts';
import { type ObtainPorts, obtain, openChain } from '../refresh/obtain.ts';
import type { Demand } from '../refresh/refresh-one.ts';
import { noteWanted, readStored } from '../refresh/stored.ts';
import type { AgentMemory, Remembered } from './memory.ts';

/** Edits of the store by others are seen within this time (decisions.md 17). */
const checkedForMs = 15_000;
/** With something valid in memory, a store is not waited for longer than this. */
const storePatienceMs = 250;
/** Outlasts the STS deadline of whoever holds the lock; with nothing valid left a lock is passed over sooner (decisions.md 3). */
const lockWaitMs = { withFallback: 12_000, without: 2_000 } as const;

export class StoreRoom {
  readonly ports: ObtainPorts;
  readonly memory: AgentMemory;
  // No flight carries a document: each caller takes a copy of its own out of memory, to wipe when it is sent.
  readonly #refreshes = new Flights<void>();
  readonly #checks = new Flights<void>();
  readonly #principals = new Flights<string>();
  /** Whose keys these are, for when the state cannot be written, or read. */
  readonly #owners = new Map<string, string>();
  /** Whose look into the store has taken longer than anybody waits. */
  readonly #slow = new Set<KeyId>();
  /** Hashing a recipe costs as much as all the rest of a cached answer. */
  #lastSteps = new WeakMap<Recipe, { readonly userArn: string; readonly step: Step | undefined }>();
  /** Which AWS gave and the store would not take. */
  readonly #unstored = new Set<KeyId>();

  constructor(ports: ObtainPorts, memory: AgentMemory) {
    this.ports = ports;
    this.memory = memory;
  }

  /** Refreshes under way. */
  get underWay(): number {
    return this.#refreshes.count;
  }

  /** The last step of a recipe; undefined while nobody knows whose keys these are, and for a recipe without hops. */
  lastStep(recipe: Recipe): Step | undefined {
    const userArn = knownPrincipal(recipe, this.ports.state) ?? this.#owners.get(this.#ownerKey(recipe));
    if (userArn === undefined) return undefined;
    const known = this.#lastSteps.get(recipe);
    if (known?.userArn === userArn) return known.step;
    this.#owners.set(this.#ownerKey(recipe), userArn);
    const step = lastStepOf(recipe, userArn);
    this.#lastSteps.set(recipe, { userArn, step });
    return step;
  }

  /**
   * From memory while the store was looked at lately, else from the store. Throws what the store throws, unless memory has an answer, or will
   * have one: what a refresh under way brings is served whatever becomes of the store.
   */
  async look(step: Step, profile: ProfileName): Promise<Remembered | undefined> {
    const { account, id } = step;
    try {
      if (!this.memory.isChecked(account, checkedForMs)) await this.#lookInto(step, profile);
    } catch (error) {
      if (!isAppError(error) || !this.#refreshes.isUnderWay(id)) throw error;
    }
    return this.memory.recall(account);
  }

  /** As `lastStep`, by the keys themselves; AWS is asked whose they are if it must be. Throws what `openChain` throws. */
  async findLastStep(recipe: Recipe): Promise<Step> {
    const owner = this.#ownerKey(recipe);
    const userArn = await this.#principals.join(owner, async () => {
      const chain = await openChain({ ...recipe, hops: recipe.hops.slice(0, 1) }, this.ports);
      return chain.principal;
    });
    this.#owners.set(owner, userArn);
    const step = lastStepOf(recipe, userArn);
    if (step === undefined) throw new AppError('unexpected', { problem: `profile "${recipe.profile}" has no hop` });
    return step;
  }

  /** One AssumeRole for all who ask for this recipe at the same time. Throws what `obtain` throws. */
  async refresh(recipe: Recipe, step: Step, wanted: Pick<Demand, 'recallsNetwork'> = {}): Promise<Remembered> {
    for (let tries = 0; tries < 2; tries++) {
      await this.#refreshes.join(step.id, () => this.#refresh(recipe, step, wanted));
      // Told to forget or to doubt at this very moment, the store has the last word. What came before a sleep has ended after it.
      const found = await this.look(step, recipe.profile);
      if (found !== undefined && isValid(found, this.ports.clock.now())) return found;
      found?.document.fill(0);
    }
    throw new AppError('unexpected', { problem: 'new credentials were removed, or had ended, as soon as they came' });
  }

  /** For what our own commands changed. What is under way is not kept either. */
  forgetAll(): void {
    this.memory.forgetAll();
    this.#unstored.clear();
    this.#owners.clear();
    this.#lastSteps = new WeakMap();
  }

  /** For what another process did to the store. What is under way is looked at again as well. */
  doubtAll(): void {
    this.memory.doubtAll();
  }

  /** True while the identity of a store with a passphrase is in memory. */
  get isUnlocked(): boolean {
    return this.ports.store.passphraseLock?.isOpen() === true;
  }

  /** Takes the identity that a person's command has opened. Throws `store-locked` for one that is not this store's, `usage` where there is none. */
  async unlock(identity: Secret): Promise<void> {
    const { passphraseLock, description } = this.ports.store;
    if (passphraseLock === undefined) throw new AppError('usage', { problem: `${description} has no passphrase` });
    await passphraseLock.accept(identity);
  }

  /** Forgets the identity, and what it opened. */
  lock(): void {
    this.ports.store.passphraseLock?.lock();
    this.forgetAll();
  }

  async close(): Promise<void> {
    await this.#refreshes.landed();
    this.forgetAll();
    await this.ports.store.close();
  }

  async #lookInto(step: Step, profile: ProfileName): Promise<void> {
    const check = this.#checks.join(step.id, () => this.#check(step, profile));
    const lifeInMemory = this.memory.lifeOf(step.account);
    if (lifeInMemory === undefined || !isValid(lifeInMemory, this.ports.clock.now())) return await check;
    const answered = check.then(
      () => true,
      () => true, // memory has an answer
    );
    if (this.#slow.has(step.id)) return; // one caller has waited for it already
    const end = new AbortController();
    const isInTime = await Promise.race([answered, this.ports.clock.wait(storePatienceMs, end.signal).then(() => false)]);
    end.abort();
    if (isInTime) return;
    this.#slow.add(step.id);
    void answered.then(() => this.#slow.delete(step.id));
  }

  async #check(step: Step, profile: ProfileName): Promise<void> {
    const { account, id } = step;
    const { doubts } = this.memory;
    const before = this.memory.lifeOf(account);
    const credentials = await readStored(step, this.ports);
    if (doubts !== this.memory.doubts) return await this.#check(step, profile);
    const known = this.memory.lifeOf(account);
    // A refresh has ended meanwhile: what it kept is later than what was read.
    if (known !== undefined && known !== before) return;
    if (this.#unstored.has(id) && known !== undefined && known.expiresAt > (credentials?.expiresAt ?? 0))
      return this.memory.confirm(account);
    if (credentials === undefined) return this.memory.forget(account);
    noteWanted(step, { profile, stored: credentials }, this.ports);
    this.memory.keep(account, credentials);
  }

  async #refresh(recipe: Recipe, step: Step, wanted: Pick<Demand, 'recallsNetwork'>): Promise<void> {
    const { clock } = this.ports;
    const { generation, doubts } = this.memory;
    const before = this.memory.lifeOf(step.account);
    // Neither store nor state shows these, so to the planner they are due at each ring.
    if (this.#unstored.has(step.id) && before !== undefined && freshnessOf(before, clock.now()) === 'fresh') return;
    const demand: Demand = {
      ...wanted,
      accepts: (life) => isComfortable(life, clock.now()) && life.issuedAt > (before?.issuedAt ?? 0),
      lockWaitMs: before !== undefined && isValid(before, clock.now()) ? lockWaitMs.withFallback : lockWaitMs.without,
      sharesFailures: true,
    };
    const chain = await openChain(recipe, this.ports);
    const { credentials, notStored } = await obtain(chain, chain.steps.length - 1, { demand, ports: this.ports });
    if (generation !== this.memory.generation) return;
    if (notStored === undefined) this.#unstored.delete(step.id);
    else this.#unstored.add(step.id);
    this.memory.keep(step.account, credentials);
    if (doubts !== this.memory.doubts) this.memory.doubt(step.account);
  }

  #ownerKey(recipe: Recipe): string {
    const { keys } = recipe;
    const path = certificateOf(recipe)?.files.certificate;
    const digest = path === undefined ? undefined : this.ports.state.digestOf(path);
    return JSON.stringify([keys?.name, keys?.plaintext, keys?.endpoint, path, digest]);
  }
}
