// The terminal as one picture that is drawn over and over: a screen of its own, given back as it was. Keeps no state of the program.

import process from 'node:process';
import { AppError } from '../errors.ts';
import { writeBytes } from './stdout.ts';

export interface Screen {
  /** Draws the picture over the one before; what does not fit below is left out. */
  readonly draw: (lines: readonly string[]) => void;
  /** Ends when so much time is over, at once on a new size, or when `ended` is. */
  readonly rest: (ms: number) => Promise<void>;
  /** When the person, or the system, has had enough. */
  readonly ended: AbortSignal;
}

/** Ctrl-C, a plain `kill`, and a terminal that was closed. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const start = '\u001b[';
/** xterm's: another screen, no cursor, no wrapping. Terminals pass over what they do not know. */
const enter = `${start}?1049h${start}?25l${start}?7l`;
const leave = `${start}?7h${start}?25h${start}?1049l`;
/** Synchronized output: whoever knows it shows the picture at once. */
const [hold, release] = [`${start}?2026h`, `${start}?2026l`];

/** Throws `usage` without a terminal. The terminal is as before when it ends, however that comes. */
export async function withScreen(command: string, use: (screen: Screen) => Promise<void>): Promise<void> {
  if (process.stdout.isTTY !== true) {
    const hint = 'run it in a terminal, or leave the option out';
    throw new AppError('usage', { problem: `${command} needs a terminal to draw on`, hint });
  }
  const end = new AbortController();
  let isStale = false;
  let wake: () => void = () => undefined;
  const stop = () => {
    end.abort();
    wake();
  };
  const redraw = () => {
    isStale = true; // perhaps while the next picture is being made, for the old size
    wake();
  };
  const suspend = () => {
    write(leave);
    process.kill(process.pid, 'SIGSTOP');
  };
  const resume = () => {
    write(enter);
    redraw();
  };
  for (const signal of endings) process.on(signal, stop);
  process.on('SIGTSTP', suspend).on('SIGCONT', resume);
  process.stdout.on('resize', redraw);
  const rest = (ms: number) =>
    new Promise<void>((resolve) => {
      const isWanted = isStale || end.signal.aborted;
      isStale = false;
      if (isWanted) return resolve();
      const timer = setTimeout(() => wake(), ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  try {
    write(enter);
    await use({ draw: (lines) => write(picture(lines, process.stdout.rows)), rest, ended: end.signal });
  } finally {
    for (const signal of endings) process.off(signal, stop);
    process.off('SIGTSTP', suspend).off('SIGCONT', resume);
    process.stdout.off('resize', redraw);
    write(leave);
  }
}

/**
 * One write that goes over the picture before line by line, so that nothing is ever blank. `rows` is the terminal's height; 0, of one that
 * nobody gave a size, counts as a usual one.
 */
export function picture(lines: readonly string[], rows: number): string {
  const room = Math.max(2, rows > 0 ? rows : 24);
  const left = lines.length - room + 1;
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `and ${left} more lines`];
  return `${hold}${start}H${shown.map((line) => `${line}${start}K`).join('\r\n')}${start}J${release}`;
}

function write(text: string): void {
  writeBytes(Buffer.from(text));
}
