// Whether what goes to stdout is looked at: bars on a terminal only, colours where it has some and nobody switched them off.

import process from 'node:process';
import { styleText } from 'node:util';
import type { Environment } from '../ports/environment.ts';
import type { BarCells, LifeColour } from './life-bar.ts';

export interface TerminalLook {
  /** Undefined where there is no terminal: what scripts see does not change. */
  readonly bars: BarCells | undefined;
  readonly paint: (colour: LifeColour, text: string) => string;
}

/** NO_COLOR (no-color.org), NODE_DISABLE_COLORS and TERM are Node's to judge. */
export function terminalLook(env: Environment): TerminalLook {
  const { stdout } = process;
  if (stdout.isTTY !== true) return { bars: undefined, paint: (_colour, text) => text };
  const hasColours = !isSet(env['NO_COLOR']) && stdout.hasColors({ ...env });
  return {
    bars: barCellsFor(env),
    paint: (colour, text) => (hasColours ? styleText(colour, text, { validateStream: false }) : text),
  };
}

/** Blocks where the locale can show them. Windows has no such variable, and shows them. */
export function barCellsFor(env: Environment, platform = process.platform): BarCells {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(isSet);
  const hasBlocks = platform === 'win32' || /utf-?8/i.test(locale ?? '');
  return hasBlocks ? { left: '█', over: '░' } : { left: '#', over: '.' };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
