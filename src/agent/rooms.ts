// The stores that callers mean, each opened once: by its kind, its files, and for the keychain the session bus it is reached over.

import { findSection } from '../config/aws-config.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import { Flights } from '../refresh/flights.ts';
import type { ObtainPorts } from '../refresh/obtain.ts';
import type { Caller } from './callers.ts';
import { AgentMemory } from './memory.ts';
import { StoreRoom } from './store-room.ts';

export interface RoomsPorts {
  /** Opens the caller's store for background work: no prompts, short deadlines. Throws `usage` for a store there is not. */
  readonly openPorts: (caller: Caller) => Promise<ObtainPorts>;
  readonly monotonicMs: () => number;
}

/** A person has one store, seldom a second. */
const mostRooms = 16;

export class Rooms {
  readonly #ports: RoomsPorts;
  readonly #rooms = new Map<string, Promise<StoreRoom>>();
  readonly #opened = new Set<StoreRoom>();
  readonly #openedBy = new Map<string, StoreRoom>();
  readonly #closing = new Flights<void>();

  constructor(ports: RoomsPorts) {
    this.#ports = ports;
  }

  /** By these files, or as they are now. Throws what reading them throws. */
  of(caller: Caller, files = caller.readFiles()): Promise<StoreRoom> {
    const key = storeKey(caller, files);
    const room = this.#rooms.get(key) ?? this.#opening(key, caller);
    // The one that was asked for last stands last.
    this.#rooms.delete(key);
    this.#rooms.set(key, room);
    return room;
  }

  get cached(): number {
    return this.#sum((room) => room.memory.size);
  }

  get underWay(): number {
    return this.#sum((room) => room.underWay);
  }

  forgetAll(): void {
    for (const room of this.#opened) room.forgetAll();
  }

  /** True while something would be lost with this process that only a person can bring back. */
  get isUnlocked(): boolean {
    return [...this.#opened].some((room) => room.isUnlocked);
  }

  /** Whatever a passphrase opened, of all stores. Returns how many they were. */
  lockAll(): number {
    const unlocked = [...this.#opened].filter((room) => room.isUnlocked);
    for (const room of unlocked) room.lock();
    return unlocked.length;
  }

  /** After a sleep, and after another process's refresh. */
  doubtAll(): void {
    for (const room of this.#opened) room.doubtAll();
  }

  dropExpired(): void {
    for (const room of this.#opened) room.memory.dropExpired();
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#closing.landed();
    await Promise.all([...this.#opened].map((room) => room.close()));
  }

  #opening(key: string, caller: Caller): Promise<StoreRoom> {
    // One that a person has unlocked stays: nobody else could open it again.
    const oldest = [...this.#rooms].find(([other]) => this.#openedBy.get(other)?.isUnlocked !== true);
    if (this.#rooms.size >= mostRooms && oldest !== undefined) this.#leave(...oldest);
    const room = this.#open(key, caller);
    // Nothing to keep: the next caller tries anew.
    room.catch(() => this.#rooms.delete(key));
    return room;
  }

  // Whoever is in there is answered first.
  #leave(key: string, leaving: Promise<StoreRoom>): void {
    this.#rooms.delete(key);
    this.#openedBy.delete(key);
    const closed = this.#closing.join(key, async () => {
      const room = await leaving;
      await room.close();
      this.#opened.delete(room);
    });
    closed.catch(() => undefined); // it did not open, or did not close cleanly: there is nothing more to get from it
  }

  async #open(key: string, caller: Caller): Promise<StoreRoom> {
    const ports = await this.#ports.openPorts(caller);
    const room = new StoreRoom(ports, new AgentMemory(ports.clock, this.#ports.monotonicMs));
    this.#opened.add(room);
    this.#openedBy.set(key, room);
    return room;
  }

  #sum(count: (room: StoreRoom) => number): number {
    return [...this.#opened].reduce((sum, room) => sum + count(room), 0);
  }
}

const storeVariables = [
  'ROLEKEEPER_STORE',
  'ROLEKEEPER_AGE_DIR',
  'ROLEKEEPER_AGE_KEY_FILE',
  'DBUS_SESSION_BUS_ADDRESS',
  'XDG_RUNTIME_DIR',
];

function storeKey({ env }: Caller, files: ConfigFiles): string {
  const settings = findSection(files.config, 'rolekeeper-settings', '')?.settings;
  const [store, keyFile] = ['store', 'age_key_file'].map((key) => settings?.get(key)?.value);
  // Files are the same over whatever bus: cron must find the store open that was unlocked in a terminal.
  if ((env['ROLEKEEPER_STORE'] || store) === 'age') {
    return JSON.stringify([env['ROLEKEEPER_AGE_DIR'] || '', env['ROLEKEEPER_AGE_KEY_FILE'] || keyFile || '']);
  }
  return JSON.stringify([[store, keyFile], storeVariables.map((name) => env[name])]);
}
