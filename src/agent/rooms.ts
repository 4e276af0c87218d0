// The stores that callers mean, each opened once: by its kind, its files, and for the keychain the session bus it is reached over.

import { findSection } from '../config/aws-config.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import type { ObtainPorts } from '../refresh/obtain.ts';
import type { Caller } from './callers.ts';
import { AgentMemory } from './memory.ts';
import { StoreRoom } from './store-room.ts';

export interface RoomsPorts {
  /** Opens the caller's store for background work: no prompts, short deadlines. Throws `usage` for a store there is not. */
  readonly openPorts: (caller: Caller) => Promise<ObtainPorts>;
  readonly monotonicMs: () => number;
}

export class Rooms {
  readonly #ports: RoomsPorts;
  readonly #rooms = new Map<string, Promise<StoreRoom>>();
  readonly #opened = new Set<StoreRoom>();

  constructor(ports: RoomsPorts) {
    this.#ports = ports;
  }

  /** By these files, or as they are now. Throws what reading them throws. */
  of(caller: Caller, files = caller.readFiles()): Promise<StoreRoom> {
    const key = storeKey(caller, files);
    const known = this.#rooms.get(key);
    if (known !== undefined) return known;
    const room = this.#open(caller);
    this.#rooms.set(key, room);
    room.catch(() => this.#rooms.delete(key));
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

  /** After a sleep. */
  doubtAll(): void {
    for (const room of this.#opened) room.memory.doubtAll();
  }

  dropExpired(): void {
    for (const room of this.#opened) room.memory.dropExpired();
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#opened].map((room) => room.close()));
  }

  async #open(caller: Caller): Promise<StoreRoom> {
    const ports = await this.#ports.openPorts(caller);
    const room = new StoreRoom(ports, new AgentMemory(ports.clock, this.#ports.monotonicMs));
    this.#opened.add(room);
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

function storeKey(caller: Caller, files: ConfigFiles): string {
  const settings = findSection(files.config, 'rolekeeper-settings', '')?.settings;
  const chosen = ['store', 'age_key_file'].map((key) => settings?.get(key)?.value);
  return JSON.stringify([chosen, storeVariables.map((name) => caller.env[name])]);
}
