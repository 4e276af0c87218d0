// The machine that the figures are of, as far as a reader needs it to compare them with another's. Names no host.

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import process from 'node:process';

export function describeMachine(): readonly string[] {
  const cores = availableParallelism();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return [
    `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cores} core${cores === 1 ? '' : 's'}, ${gigabytes} GB`,
    `${type()} ${release().replace(/^(\d+\.\d+).*/, '$1')}, ${libraryOf()}, Node ${process.version}`,
  ];
}

/** Above the number of cores, others are being waited for. */
export function describeLoad(): string {
  return `load ${loadavg()
    .map((average) => average.toFixed(2))
    .join(' ')} (1, 5, 15 min)`;
}

function libraryOf(): string {
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(readOrEmpty('/etc/os-release'))?.[1];
  return name ?? process.platform;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // no Linux
  }
}
