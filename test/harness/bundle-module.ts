// Makes a source file runnable by other processes: Node 20 cannot load TypeScript.

import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

// Bundled CommonJS packages ask for Node's built-ins with `require`, which a module does not have.
const requireLine =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

const repository = fileURLToPath(new URL('../..', import.meta.url));

export interface BundleOptions {
  /** A directory inside that of the bundles. */
  readonly below?: string;
  /** As in tools/build.mjs: a name, and the expression it stands for. */
  readonly define?: Readonly<Record<string, string>>;
}

/** A temporary directory of bundles, with this repository's packages in reach. */
export class Bundles {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'rk-bundle-')));

  constructor() {
    symlinkSync(join(repository, 'node_modules'), join(this.directory, 'node_modules'));
  }

  /** `source` from the repository's root, bundled as tools/build.mjs does it; returns the path of the module. */
  add(source: string, { below = '.', define = {} }: BundleOptions = {}): string {
    const outdir = join(this.directory, below);
    buildSync({
      entryPoints: [join(repository, source)],
      outdir,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      external: ['fs-native-extensions', 'keytar'],
      banner: { js: requireLine },
      define: { ...define },
    });
    return join(outdir, `${basename(source, '.ts')}.mjs`);
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
