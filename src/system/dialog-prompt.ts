// Asks by a dialog program of the desktop. Its arguments hold the question and nothing else; the answer comes over a pipe.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Secret } from '../credentials/secret.ts';
import type { Environment } from '../ports/environment.ts';
import { endWith } from './end-dialog.ts';
import type { Ask } from './prompter.ts';

interface Dialog {
  readonly command: string;
  readonly args: (question: string) => readonly string[];
  /** It needs a display, and without one it fails in the way in which it says no. */
  readonly needsDisplay: boolean;
}

const title = 'rolekeeper';

const dialogs = {
  zenity: {
    command: 'zenity',
    args: (question) => ['--entry', '--hide-text', `--title=${title}`, `--text=${question}`],
    needsDisplay: true,
  },
  kdialog: { command: 'kdialog', args: (question) => ['--title', title, '--password', question], needsDisplay: true },
  osascript: {
    command: 'osascript',
    args: (question) => [
      ...['-e', 'on run argv'],
      ...['-e', `display dialog (item 1 of argv) default answer "" with hidden answer with title "${title}"`],
      ...['-e', 'return text returned of result', '-e', 'end run', question],
    ],
    needsDisplay: false,
  },
  // The question goes through the environment: PowerShell has its own opinion of quotes.
  powershell: {
    command: 'powershell.exe',
    args: () => [
      ...['-NoProfile', '-NonInteractive', '-Command'],
      `Add-Type -AssemblyName Microsoft.VisualBasic; [Microsoft.VisualBasic.Interaction]::InputBox($env:PROMPT_QUESTION, '${title}')`,
    ],
    needsDisplay: false,
  },
} satisfies Readonly<Record<string, Dialog>>;

/** As long as any answer may be. */
const longestOutput = 1_000;

/** `nobody` where the program or the display is not there. */
export function dialogIn(name: keyof typeof dialogs, env: Environment): Ask {
  const { command, args, needsDisplay } = dialogs[name];
  return async (question, signal) => {
    if (needsDisplay && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return { kind: 'nobody' };
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    const child = spawn(command, args(plain(question)), {
      env: { ...env, PROMPT_QUESTION: question },
      stdio: [...stdio],
    });
    endWith(signal, child);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(0, longestOutput);
    });
    try {
      const [status] = await once(child, 'close', { signal });
      return status === 0 ? { kind: 'typed', text: new Secret(output.replace(/\r?\n$/, '')) } : { kind: 'dismissed' };
    } catch {
      // Not installed; or ended, because nobody came.
      return { kind: signal.aborted ? 'dismissed' : 'nobody' };
    }
  };
}

/** zenity reads it as Pango markup, and a first dash as an option. */
function plain(question: string): string {
  return question.replace(/[<>&\\_]/g, ' ').replace(/^-+/, '');
}
