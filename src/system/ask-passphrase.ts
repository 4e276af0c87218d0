// Asks the person for the age store's passphrase. A new one is asked for twice: nothing that it locks can be opened without it.

import type { Secret } from '../credentials/secret.ts';
import type { Terminal } from '../ports.ts';

/** Never empty. Throws what the terminal throws. */
export async function askPassphrase(terminal: Terminal, purpose: 'open' | 'choose'): Promise<Secret> {
  if (purpose === 'open') return await askOnce(terminal, 'Passphrase of the age store:');
  for (;;) {
    const chosen = await askOnce(terminal, 'Choose a passphrase for the age store:');
    const again = await terminal.askHidden('The same once more:');
    if (again.reveal() === chosen.reveal()) return chosen;
    terminal.say('These two differ. Once more from the start.');
  }
}

async function askOnce(terminal: Terminal, question: string): Promise<Secret> {
  for (;;) {
    const answer = await terminal.askHidden(question);
    if (answer.reveal() !== '') return answer;
  }
}
