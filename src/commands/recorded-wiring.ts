// The outside for a command that is taken back whole when it fails: each change is noted with how it was before.
// An interruption is heeded before the next change, never in the middle of one.

import { type Account, indexAccount } from '../config/names.ts';
import type { State } from '../ports/state.ts';
import type { Store } from '../ports/store.ts';
import type { TextFiles, UndoNotes } from '../ports/text-files.ts';
import { forgetItem, type IndexPorts, listItems } from '../stores/item-index.ts';
import type { Wiring } from '../wiring.ts';
import { throwIfInterrupted } from './interruption.ts';
import type { Journal } from './journal.ts';

export interface Recording {
  readonly journal: Journal;
  readonly signal: AbortSignal;
}

/** One store for all that is done; whoever opened it closes it. Nothing is started in the background by the way. */
export function recordedWiring(wiring: Wiring, store: Store, recording: Recording): Wiring {
  const state = recordedState(wiring.state, recording);
  return {
    ...wiring,
    state,
    textFiles: recordedFiles(wiring.textFiles, recording),
    openUndoNotes: async () => recordedNotes(await wiring.openUndoNotes(), recording),
    openStore: async () => store,
    openRefresh: async (opened) => ({ ...(await wiring.openRefresh(opened)), state }),
    openTerminal: (asker) => wiring.openTerminal({ ...asker, signal: recording.signal }),
    startAfterLogin: async () => undefined,
    startAgentLater: async () => false,
  };
}

export interface StoreRecording extends Recording {
  /** Before an item goes that was not there at first: throws where nobody else has what it holds. */
  readonly refuseLoss: (account: Account) => void;
}

/** To close it, and to hand over what opens it, is left to whoever opened it. */
export function recordedStore(
  store: Store,
  { openLock }: Pick<Wiring, 'openLock'>,
  { journal, signal, refuseLoss }: StoreRecording,
): Store {
  const noted = new Set<Account>();
  const note = async (account: Account) => {
    throwIfInterrupted(signal);
    if (noted.size === 0) await noteIndex({ store, lock: await openLock() }, journal);
    if (noted.has(account)) return;
    noted.add(account);
    if (account === indexAccount()) return;
    const before = await store.get(account);
    journal.note(async () => {
      if (before !== undefined) return await store.set(account, before);
      refuseLoss(account);
      await store.delete(account);
    });
  };
  return {
    kind: store.kind,
    description: store.description,
    get: (account) => store.get(account),
    set: async (account, value) => {
      await note(account);
      await store.set(account, value);
    },
    delete: async (account) => {
      await note(account);
      return await store.delete(account);
    },
    close: async () => undefined,
  };
}

/** Taken back last: the names of items that are gone again, and a list without any. */
async function noteIndex(ports: IndexPorts, journal: Journal): Promise<void> {
  const { store } = ports;
  const isThere = (await store.get(indexAccount())) !== undefined;
  const before = await listItems(store);
  journal.note(async () => {
    for (const account of await listItems(store)) {
      if (!before.includes(account) && (await store.get(account)) === undefined) await forgetItem(ports, account);
    }
    if (!isThere && (await listItems(store)).length === 0) await store.delete(indexAccount());
  });
}

export function recordedFiles(textFiles: TextFiles, { journal, signal }: Recording): TextFiles {
  return {
    ...textFiles,
    replace: (path, expected, text) => {
      throwIfInterrupted(signal);
      textFiles.replace(path, expected, text);
      journal.note(() => (expected === undefined ? textFiles.remove(path, text) : textFiles.replace(path, text, expected)));
    },
  };
}

function recordedNotes(notes: UndoNotes, { journal, signal }: Recording): UndoNotes {
  return {
    ...notes,
    keep: (profile, note) => {
      throwIfInterrupted(signal);
      const before = notes.read(profile);
      journal.note(() => (before === undefined ? notes.forget(profile) : notes.keep(profile, before)));
      notes.keep(profile, note);
    },
  };
}

function recordedState(state: State, { journal }: Recording): State {
  return {
    ...state,
    publish: (record) => {
      const before = state.read(record.id);
      journal.note(() => (before === undefined ? state.remove(record.id) : state.publish(before)));
      state.publish(record);
    },
    rememberPrincipal: (keys, userArn) => {
      const before = state.principal(keys);
      journal.note(() => (before === undefined ? state.forgetPrincipal(keys) : state.rememberPrincipal(keys, before)));
      state.rememberPrincipal(keys, userArn);
    },
  };
}
