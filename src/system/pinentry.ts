// Asks through pinentry, GnuPG's own dialog, by the Assuan protocol (https://www.gnupg.org/documentation/manuals/assuan/).

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Secret } from '../credentials/secret.ts';
import type { Environment } from '../ports/environment.ts';
import type { PromptAnswer } from '../ports/person.ts';
import { endWith } from './end-dialog.ts';
import type { Ask } from './prompter.ts';

/** `nobody` where there is no pinentry, or none that can show anything here. */
export function pinentryIn(env: Environment): Ask {
  return async (question, signal) => {
    const child = spawn('pinentry', [], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    endWith(signal, child);
    let isGone = false;
    child.once('error', () => {
      isGone = true; // not installed: the conversation below ends without an answer
    });
    child.stdin.on('error', () => undefined); // it has ended; its last words are read all the same
    const lines = createInterface({ input: child.stdout, signal })[Symbol.asyncIterator]();
    try {
      const commands = [...terminalOptions(env), 'SETTITLE rolekeeper', `SETDESC ${encoded(question)}`, 'SETPROMPT Code:'];
      const answer = await converse(commands, { lines, send: (line) => void child.stdin.write(`${line}\n`) });
      return signal.aborted ? { kind: 'dismissed' } : answer;
    } finally {
      if (!isGone) child.stdin.end('BYE\n');
    }
  };
}

interface Line {
  readonly lines: AsyncIterator<string>;
  readonly send: (line: string) => void;
}

type Reply =
  | { readonly kind: 'ok'; readonly data: string }
  | { readonly kind: 'error'; readonly code: number }
  | { readonly kind: 'end' };

/** For a pinentry that draws on a terminal: as gpg-agent tells it. */
function terminalOptions({ GPG_TTY: terminal, TERM: type }: Environment): readonly string[] {
  if (!terminal) return [];
  return [`OPTION ttyname=${encoded(terminal)}`, ...(type ? [`OPTION ttytype=${encoded(type)}`] : [])];
}

async function converse(commands: readonly string[], line: Line): Promise<PromptAnswer> {
  if ((await reply(line)).kind !== 'ok') return { kind: 'nobody' };
  for (const command of commands) {
    line.send(command);
    if ((await reply(line)).kind === 'end') return { kind: 'nobody' };
  }
  line.send('GETPIN');
  const given = await reply(line);
  switch (given.kind) {
    case 'ok':
      return { kind: 'typed', text: new Secret(given.data) };
    case 'error':
      return dismissals.has(given.code & 0xffff) ? { kind: 'dismissed' } : { kind: 'nobody' };
    case 'end':
      return { kind: 'nobody' };
    default:
      return given satisfies never;
  }
}

/** gpg-error(3): GPG_ERR_TIMEOUT, GPG_ERR_CANCELED, GPG_ERR_FULLY_CANCELED, GPG_ERR_NOT_CONFIRMED; the upper bits name the source. */
const dismissals: ReadonlySet<number> = new Set([62, 99, 198, 114]);

async function reply({ lines, send }: Line): Promise<Reply> {
  let data = '';
  for (;;) {
    const { done, value } = await lines.next();
    if (done === true) return { kind: 'end' };
    const [word = '', ...rest] = value.split(' ');
    if (word === 'OK') return { kind: 'ok', data };
    if (word === 'ERR') return { kind: 'error', code: Number(rest[0]) };
    if (word === 'D') data += decoded(value.slice(2));
    if (word === 'INQUIRE') send('CAN');
    // `S` and `#`: nothing that concerns us.
  }
}

function encoded(text: string): string {
  return text.replace(/[%\r\n]/g, (char) => `%${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0')}`);
}

function decoded(data: string): string {
  return data.replace(/%([0-9A-Fa-f]{2})/g, (_whole, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));
}
