// What is in the state directory is broken, gone, or out of reach.

import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random.ts';
import type { BeginFault, Scene } from '../scene.ts';

export const corrupted: BeginFault = async (scene) => {
  const damaged = scene.random.some(stateFiles(scene), 3).map((path) => `${nameOf(path)} ${damage(path, scene.random)}`);
  return { what: damaged.join(', '), end: async () => undefined };
};

export const removed: BeginFault = async (scene) => {
  const all = scene.random.chance(0.3);
  const paths = all ? [scene.chaos.stateDirectory] : scene.random.some(stateFiles(scene), 3);
  for (const path of paths) rmSync(path, { recursive: true, force: true });
  return { what: paths.map(nameOf).join(', '), end: async () => undefined };
};

export const unreadable: BeginFault = async ({ chaos: { stateDirectory }, random }) => {
  const [machine] = existsSync(stateDirectory) ? readdirSync(stateDirectory) : [];
  const path = machine === undefined || random.chance(0.5) ? stateDirectory : join(stateDirectory, machine);
  const { mode } = statSync(path);
  chmodSync(path, 0);
  return { what: nameOf(path), end: async () => chmodSync(path, mode) };
};

/** Not the lock files: whoever removes one lets a second holder in (locking.md), and nothing is in them. */
function stateFiles({ chaos: { stateDirectory } }: Scene): readonly string[] {
  if (!existsSync(stateDirectory)) return [];
  return readdirSync(stateDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.lock'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function damage(path: string, random: Random): string {
  const before = readFileSync(path);
  const [how, after] = random.pick([
    ['emptied', Buffer.alloc(0)],
    ['cut', before.subarray(0, Math.floor(before.length / 2))],
    ['zeroed', Buffer.alloc(before.length)],
    ['overwritten', Buffer.from('{"v":1,"expiresAt":"never"}')],
    ['overwritten', Buffer.from('null')],
  ] as const);
  writeFileSync(path, after);
  return how;
}

function nameOf(path: string): string {
  return path.split('/').at(-1) ?? path;
}
