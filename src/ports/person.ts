// The person: at the keyboard, at the desktop, in the browser. Types only.

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

/** The person's web browser, opened by the command that they typed; never from the background (decisions.md 21). */
export interface Browser {
  /** Undefined where one can be opened; else why not, for the person. */
  readonly obstacle: string | undefined;
  /** True if something was started. Never throws. */
  open(url: string): Promise<boolean>;
}

/** What came back from the sign-in page: the code, or why there is none. */
export type CallbackAnswer =
  | { readonly kind: 'code'; readonly code: Secret }
  | { readonly kind: 'refused'; readonly error: string; readonly words: string };

export interface CallbackWait<T> {
  /** Whatever comes without it is somebody else's. */
  readonly state: string;
  /** For the page. */
  readonly where: string;
  readonly deadlineMs: number;
  /** Where the browser is to come back to; called when it can. */
  readonly onReady: (redirectUri: string) => Promise<void>;
  /** Turns the answer into what was wanted; the page tells how that went. */
  readonly finish: (answer: CallbackAnswer, redirectUri: string) => Promise<T>;
}

/** A page on this computer's loopback interface that a browser is sent back to, and that is there for one answer. */
export interface CallbackPage {
  /** Throws what `onReady` and `finish` throw, and `deadline` when nobody comes back in time. */
  receive<T>(wait: CallbackWait<T>): Promise<T>;
}
