// Who may import whom (ARCHITECTURE.md), read from what esbuild saw. Type-only imports leave no trace there, and bind nothing at run time.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isDynamic: boolean;
}

/** A file of src/main.ts's own level is a room of its own. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  main: ['cli', 'commands', 'wiring', 'errors'],
  front: [
    ...['agent/client', 'agent/wire', 'commands/report', 'commands/stdout', 'system/agent-socket', 'system/paths'],
    'system/pipe-token',
    ...['system/problem-words', 'config', 'credentials', 'errors'],
  ],
  cli: ['commands', 'wiring', 'errors', 'completion/command-table'],
  commands: [
    ...[
      'wiring',
      'agent',
      'refresh',
      'hops',
      'config',
      'credentials',
      'errors',
      'sandbox',
      'service',
      'completion',
      'doctor',
      'rotation',
    ],
    'stores/item-index',
  ],
  wiring: ['wiring-agent', 'wiring-identity-center', 'refresh', 'stores', 'system', 'config', 'errors'],
  'wiring-agent': ['agent', 'stores', 'system', 'config', 'errors'],
  'wiring-identity-center': ['refresh', 'system'],
  agent: ['refresh', 'hops', 'config', 'credentials', 'errors'],
  refresh: ['hops', 'config', 'credentials', 'errors'],
  rotation: ['refresh', 'hops', 'config', 'credentials', 'errors'],
  hops: ['config', 'credentials', 'errors'],
  stores: [
    'config',
    'credentials',
    'errors',
    'system/whole-file',
    'system/directory',
    'system/plain-file',
    'system/problem-words',
    'system/own-time',
  ],
  system: ['config', 'credentials', 'errors'],
  sandbox: ['stores/age-cipher'],
  doctor: ['config', 'credentials', 'errors'],
  service: ['errors'],
  completion: [],
  config: ['credentials', 'errors'],
  credentials: ['errors'],
  errors: [],
  'shell-word': [],
};

/** One word for all; it imports nothing. */
const forAll = 'shell-word';

function roomOf(path: string): string {
  const [, first = '', second] = path.split('/');
  return second === undefined ? first.replace(/\.ts$/, '') : first;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function grouped(imports: readonly Import[], keyOf: (one: Import) => string): ReadonlyMap<string, readonly Import[]> {
  return new Map(imports.map((one) => [keyOf(one), imports.filter((other) => keyOf(other) === keyOf(one))]));
}

describe('imports of src', () => {
  let ours: readonly Import[] = [];
  let theirs: readonly Import[] = [];

  beforeAll(async () => {
    const { metafile } = await build({
      entryPoints: ['src/main.ts', 'src/front/launcher.ts', 'src/stores/keytar-worker.ts', 'src/stores/age-worker.ts'],
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      metafile: true,
      write: false,
      outdir: join('dist', 'unused'),
      logLevel: 'silent',
    });
    const all = Object.entries(metafile.inputs).flatMap(([from, input]) =>
      input.imports.map(({ path, kind, external }) => ({
        from,
        to: path,
        isDynamic: kind === 'dynamic-import',
        isExternal: external === true,
      })),
    );
    // The files of install/ come in as texts.
    ours = all.filter(({ isExternal, to }) => !isExternal && to.startsWith('src/'));
    theirs = all.filter(({ isExternal, to }) => isExternal && !to.startsWith('node:'));
  });

  it('arrows point down only', () => {
    expect(ours.length).toBeGreaterThan(100);
    const wrong = ours.filter(({ from, to }) => {
      const [upper, lower] = [roomOf(from), roomOf(to)];
      const rules = allowed[upper] ?? [];
      const file = to.replace(/^src\//, '').replace(/\.ts$/, '');
      return upper !== lower && lower !== forAll && !rules.includes(lower) && !rules.includes(file);
    });
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('no file leads back to itself', () => {
    const next = grouped(ours, ({ from }) => from);
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (path.includes(file) || done.has(file)) return;
      for (const { to } of next.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of next.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('each package has one importer', () => {
    const importers = grouped(theirs, ({ to }) => packageOf(to));
    const several = [...importers].flatMap(([name, imports]) => {
      const files = [...new Set(imports.map(({ from }) => from))];
      return files.length > 1 ? [`${name}: ${files.join(', ')}`] : [];
    });
    expect(importers.size).toBeGreaterThan(5);
    expect(several).toEqual([]);
  });

  // What the build puts in place of `performance` has nothing else, and undefined makes no number that anybody notices.
  it('of performance, only its clock is used', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
    const uses = files.flatMap((path) => readFileSync(join('src', path), 'utf8').match(/\bperformance\.\w+/g) ?? []);
    expect(new Set(uses)).toEqual(new Set(['performance.now']));
  });

  it('config and credentials touch no file, process or network', () => {
    const pure = [...ours, ...theirs].filter(({ from }) => ['config', 'credentials'].includes(roomOf(from)));
    const impure = pure.filter(({ to }) => /^(node:)?(fs|net|http|https|child_process|os|process|dns|tls)\b/.test(to));
    expect(impure).toEqual([]);
  });
});
