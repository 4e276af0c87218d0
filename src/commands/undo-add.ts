// `rolekeeper add PROFILE --undo`: takes the keys that were typed out of the store, and what `add` set up out of the config file.
// The store has the only copy that we know of, so nothing happens before a yes.

import { type ProfileName, parseProfileName } from '../config/names.ts';
import type { Keys } from '../credentials/credentials.ts';
import { AppError } from '../errors.ts';
import { loadStoredKeys } from '../hops/keys.ts';
import type { Store } from '../ports/store.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { alone } from './config-texts.ts';
import { unopenedIfEmpty } from './empty-store.ts';
import { writeStderr } from './report.ts';
import { removeKeys, usersOfKeys } from './stored-keys.ts';
import { readNote, restoredFiles, showRestored, type UndoOptions, writeRestored } from './undo-files.ts';

const storeDeadlineMs = 60_000;

/** Throws `edit-refused` when the lines that `add` wrote were changed since, and then removes nothing. */
export async function undoAdd(options: UndoOptions, wiring: Wiring): Promise<void> {
  const profile = parseProfileName(options.profile);
  const undoNotes = await wiring.openUndoNotes();
  const note = readNote('add', profile, undoNotes);
  const restored = () => restoredFiles(note, { profile }, wiring);
  const files = restored();
  const others = usersOfKeys(note.keys, wiring.readConfig(), wiring.env).filter((other) => other !== profile);
  const remarks = others.length === 0 ? [] : [`without these keys they cannot work any more: ${others.join(', ')}`];
  const store = unopenedIfEmpty(await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' }));
  try {
    // None: an undo that was interrupted below goes on.
    const keys = await loadStoredKeys(note.keys, store);
    if (options.isDryRun) {
      showRestored(files);
      writeStderr([...remarks, `nothing was changed. keys/${note.keys} would be removed from ${store.description}.`]);
      return;
    }
    writeStderr(remarks);
    if (!options.isYes) await confirmUndo(profile, { keys, store, wiring });
    // The keys first: the config and the note still lead to what is left to do, while nothing would lead to keys left behind.
    await removeKeys(note.keys, { store, lock: await wiring.openLock(), state: wiring.state });
    await alone(wiring, () => {
      writeRestored(restored(), wiring);
      undoNotes.forget(profile);
    });
    writeStderr([
      `the add is taken back; keys/${note.keys} is gone from ${store.description}`,
      'sessions that were made from these keys stay until they end; `rolekeeper logout --all` forgets them',
    ]);
  } finally {
    await store.close();
  }
}

async function confirmUndo(
  profile: ProfileName,
  { keys, store, wiring }: { readonly keys: Keys | undefined; readonly store: Store; readonly wiring: Wiring },
): Promise<void> {
  const instead = `run \`rolekeeper add ${shellWord(profile)} --undo --yes\``;
  const terminal = await wiring.openTerminal({ command: 'add --undo', instead });
  const question =
    keys === undefined
      ? `Take "${profile}" out of ${wiring.configPath}?`
      : `Remove the keys of ${keys.userArn} from ${store.description}? They exist nowhere else.`;
  if (!(await terminal.confirm(question))) throw new AppError('declined', {});
}
