// Asks the person for the age store's passphrase. A new one is asked for twice: nothing that it locks can be opened without it.

import type { Secret } from '../credentials/secret.ts';
import type { Terminal } from '../ports/person.ts';

/** What is shorter can be tried out by whoever copies the files. */
const fewestLetters = 8;

/** Never empty; a new one never short. Throws what the terminal throws. */
export async function askPassphrase(terminal: Terminal, purpose: 'open' | 'again' | 'choose'): Promise<Secret> {
  if (purpose === 'again') terminal.say('The passphrase is wrong. Once more:');
  if (purpose !== 'choose') return await askOnce(terminal, 'Passphrase of the age store:');
  for (;;) {
    const chosen = await askOnce(terminal, 'Choose a passphrase for the age store:');
    const problem = await problemWith(chosen, terminal);
    if (problem === undefined) return chosen;
    terminal.say(problem);
  }
}

async function problemWith(chosen: Secret, terminal: Terminal): Promise<string | undefined> {
  if ([...chosen.reveal()].length < fewestLetters)
    return `Too short: whoever copies the files can try out all under ${fewestLetters} characters. Choose a longer one.`;
  const again = await terminal.askHidden('The same once more:');
  return again.reveal() === chosen.reveal() ? undefined : 'These two differ. Once more from the start.';
}

async function askOnce(terminal: Terminal, question: string): Promise<Secret> {
  for (;;) {
    const answer = await terminal.askHidden(question);
    if (answer.reveal() !== '') return answer;
  }
}
