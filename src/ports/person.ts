// The person: at the keyboard, at the desktop. Types only.

import type { Secret } from '../credentials/secret.ts';
import type { Warning } from '../credentials/warnings.ts';

/** The person at the keyboard. Every question throws `no-terminal` where there is none, and `interrupted` on Ctrl-C. */
export interface Terminal {
  readonly isInteractive: boolean;
  /** One line on stderr. */
  say(line: string): void;
  /** Asks without echo. */
  askHidden(question: string): Promise<Secret>;
  ask(question: string): Promise<string>;
  confirm(question: string): Promise<boolean>;
  choose(question: string, choices: readonly string[]): Promise<string>;
}

/** Tells the person at the desktop. Each event once, over all processes; never waits and never throws. */
export interface Notifier {
  tell(warning: Warning): void;
  /** Once all that was told is shown, or after `ms`: where the end of this process would end what shows it. Never throws. */
  settled(ms: number): Promise<void>;
}

/** Asks the person for one line, wherever a person can be found: the terminal behind the caller, or a dialog on the desktop. */
export interface Prompter {
  /** Shows nothing of what is typed. Ends when the signal is aborted, as `dismissed`. Never reads stdin, never writes to stdout or stderr. */
  askHidden(question: string, signal: AbortSignal): Promise<PromptAnswer>;
}

export type PromptAnswer =
  | { readonly kind: 'typed'; readonly text: Secret }
  /** The person did not want to, or did not come in time. */
  | { readonly kind: 'dismissed' }
  /** There is nobody who could be asked. */
  | { readonly kind: 'nobody' };
