// Compiles the native front with whatever C compiler there is. Says nothing and throws nothing when there is none.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('../src/front', import.meta.url));
const plain = ['-std=c99', '-O2'];
const hardened = [...plain, '-D_FORTIFY_SOURCE=2', '-fstack-protector-strong', '-fPIE', '-pie', '-Wl,-z,relro,-z,now', '-s'];

/** Bakes in which Node to run, and where the directory of the program will lie. Returns the compiler's name, undefined when none works. */
export function compileFront({ output, node, place }) {
  const sources = readdirSync(directory).filter((name) => name.endsWith('.c'));
  const baked = [`-DROLEKEEPER_NODE=${cString(node)}`, `-DROLEKEEPER_DIST=${cString(place)}`];
  // The linker of macOS knows no -z; it hardens by itself.
  for (const flags of [hardened, plain]) {
    for (const compiler of process.platform === 'win32' ? [] : ['cc', 'gcc', 'clang']) {
      const files = sources.map((name) => join(directory, name));
      const { status } = spawnSync(compiler, [...flags, ...baked, ...files, '-o', output], { stdio: 'ignore', timeout: 60_000 });
      if (status === 0) return compiler;
    }
  }
  return undefined;
}

// Every byte that C might read otherwise (quotes, trigraphs, other than ASCII) by its number.
function cString(text) {
  const bytes = [...Buffer.from(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[\w/.+@:,=-]/.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${bytes.join('')}"`;
}
