// What the agent has at hand for its callers: one whole process document per store item, as bytes that are wiped when they are replaced.
// Never holds long-term keys; never outlives what it was told to forget.

import type { Account } from '../config/names.ts';
import { type Credentials, isoSeconds, toProcessJson } from '../credentials/credentials.ts';
import type { Life } from '../credentials/plan.ts';
import type { Clock } from '../ports/time.ts';

export interface Remembered extends Life {
  /** The document for stdout. A copy, which the caller wipes after use. */
  readonly document: Buffer;
}

interface Entry {
  readonly life: Life;
  readonly document: Buffer;
  /** What the document says of the end, on the local clock. */
  localExpiresAt: number;
  /** When the store was last seen to hold this, on a clock that nobody sets. */
  checkedAtMs: number;
}

/** `Expiration` is written anew when the local clock has been set by more; its reading wavers by less. */
const toleratedMs = 2_000;

export class AgentMemory {
  readonly #entries = new Map<Account, Entry>();
  readonly #clock: Clock;
  readonly #monotonicMs: () => number;
  #generation = 0;
  #doubts = 0;

  constructor(clock: Clock, monotonicMs: () => number) {
    this.#clock = clock;
    this.#monotonicMs = monotonicMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Grows with each `forgetAll`: what was read before that must not be kept after it. */
  get generation(): number {
    return this.#generation;
  }

  /** Grows with each `doubtAll` and `forgetAll`: what was read before that says nothing of the store after it. */
  get doubts(): number {
    return this.#doubts;
  }

  /** Accounts that there is something for. */
  accounts(): readonly Account[] {
    return [...this.#entries.keys()];
  }

  /** True if the store was seen to hold this within the last `ms`. */
  isChecked(account: Account, ms: number): boolean {
    const entry = this.#entries.get(account);
    return entry !== undefined && this.#monotonicMs() - entry.checkedAtMs < ms;
  }

  lifeOf(account: Account): Life | undefined {
    return this.#entries.get(account)?.life;
  }

  recall(account: Account): Remembered | undefined {
    const entry = this.#entries.get(account);
    if (entry === undefined) return undefined;
    this.#dateAnew(entry);
    return { ...entry.life, document: Buffer.from(entry.document) };
  }

  /** Keeps what the store has just been seen to hold, or what AWS has just given. */
  keep(account: Account, credentials: Credentials): void {
    const localExpiresAt = this.#clock.toLocal(credentials.expiresAt);
    const document = bytesOf(toProcessJson(credentials, localExpiresAt));
    this.forget(account);
    const { issuedAt, expiresAt } = credentials;
    this.#entries.set(account, { life: { issuedAt, expiresAt }, document, localExpiresAt, checkedAtMs: this.#monotonicMs() });
  }

  /** Counts as seen in the store just now. */
  confirm(account: Account): void {
    const entry = this.#entries.get(account);
    if (entry !== undefined) entry.checkedAtMs = this.#monotonicMs();
  }

  /** For an item that the store does not have any more. */
  forget(account: Account): void {
    this.#entries.get(account)?.document.fill(0);
    this.#entries.delete(account);
  }

  forgetAll(): void {
    this.#generation += 1;
    this.#doubts += 1;
    for (const account of this.accounts()) this.forget(account);
  }

  /** Something else may be in the store by now; where it does not answer, what is here will do. */
  doubtAll(): void {
    this.#doubts += 1;
    for (const account of this.accounts()) this.doubt(account);
  }

  doubt(account: Account): void {
    const entry = this.#entries.get(account);
    if (entry !== undefined) entry.checkedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Forgets what has ended: nobody will be given it any more. */
  dropExpired(): void {
    const now = this.#clock.now();
    for (const [account, { life }] of [...this.#entries]) if (life.expiresAt <= now) this.forget(account);
  }

  // The date has the same length whatever it is, so it is written over where it stands.
  #dateAnew(entry: Entry): void {
    const localExpiresAt = this.#clock.toLocal(entry.life.expiresAt);
    if (Math.abs(localExpiresAt - entry.localExpiresAt) < toleratedMs) return;
    const at = entry.document.indexOf(isoSeconds(entry.localExpiresAt));
    entry.document.write(isoSeconds(localExpiresAt), at);
    entry.localExpiresAt = localExpiresAt;
  }
}

// Node cuts small buffers out of shared slabs of 8 kB: each of these would keep a whole one for itself, with the bytes of others in it.
function bytesOf(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}
