// A user manager in memory, under the port's rules: it knows systemctl's verbs by what they do to files, and remembers what ran.

import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ServiceCommand, ServiceManager, ServiceSurroundings } from '../../src/ports/service.ts';

export interface FakeServiceManager extends ServiceManager {
  /** Every command that ran, as a line. */
  readonly ran: readonly string[];
  /** Names of units that are started. */
  readonly active: ReadonlySet<string>;
  /** From now on commands that contain this text fail with these words. */
  refuse(text: string, words: string): void;
}

/** Makes the links and files that the real one makes in a home. */
export function fakeServiceManager(home: string, surroundings: ServiceSurroundings): FakeServiceManager {
  const units = join(home, '.config/systemd/user');
  const ran: string[] = [];
  const active = new Set<string>();
  const refused = new Map<string, string>();

  function run({ words }: ServiceCommand): { readonly status: number; readonly output: string } {
    const line = words.join(' ');
    ran.push(line);
    const refusal = [...refused].find(([text]) => line.includes(text))?.[1];
    if (refusal !== undefined) return { status: 1, output: refusal };
    const [program, user, verb, ...rest] = words;
    if (program !== 'systemctl' || user !== '--user') return { status: 0, output: '' };
    return systemctl(verb ?? '', rest);
  }

  const done = { status: 0, output: '' };
  const started = (work: (name: string) => unknown) => (names: readonly string[]) => {
    const missing = names.filter((name) => !existsSync(join(units, name)));
    if (missing.length > 0) return { status: 5, output: `Unit ${missing.join()} not found.` };
    names.forEach(work);
    return done;
  };
  const verbs: Readonly<Record<string, (names: readonly string[]) => typeof done>> = {
    'daemon-reload': () => done,
    'reset-failed': () => done,
    'is-active': (names) => (names.every((name) => active.has(name)) ? done : { status: 3, output: '' }),
    enable: started((name) => link(name)),
    restart: started((name) => {
      active.add(name);
      if (name.endsWith('.timer')) stamp(name);
    }),
    start: started((name) => active.add(name)),
    stop: (names) => {
      for (const name of names) active.delete(name);
      return done;
    },
    disable: (names) => {
      for (const name of names) {
        active.delete(name);
        unlink(name);
      }
      return done;
    },
  };

  function systemctl(verb: string, rest: readonly string[]): typeof done {
    const work = verbs[verb];
    if (work === undefined) throw new Error(`nobody told the fake what systemctl ${verb} does`);
    return work(rest.filter((word) => !word.startsWith('-')));
  }

  const linkOf = (name: string) => join(units, name.endsWith('.timer') ? 'timers.target.wants' : 'sockets.target.wants', name);
  function link(name: string): void {
    mkdirSync(dirname(linkOf(name)), { recursive: true });
    if (!existsSync(linkOf(name))) symlinkSync(join(units, basename(name)), linkOf(name));
  }
  // Persistent=yes
  function stamp(name: string): void {
    const path = join(home, '.local/share/systemd/timers', `stamp-${name}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
  }
  function unlink(name: string): void {
    if (!existsSync(dirname(linkOf(name)))) return;
    rmSync(linkOf(name), { force: true });
    if (readdirSync(dirname(linkOf(name))).length === 0) rmdirSync(dirname(linkOf(name))); // as systemctl itself does
  }

  return {
    ran,
    active,
    refuse: (text, words) => void refused.set(text, words),
    surroundings: async () => surroundings,
    run: async (command) => run(command),
  };
}
