// Makes a source file runnable by other processes: Node 20 cannot load TypeScript.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A temporary directory of bundles, with this repository's packages in reach. */
export class Bundles {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'rk-bundle-')));

  constructor() {
    symlinkSync(join(repository, 'node_modules'), join(this.directory, 'node_modules'));
  }

  /** `source` from the repository's root; returns the path of the module. */
  add(source: string, { below = '.' }: { readonly below?: string } = {}): string {
    const outfile = join(this.directory, below, `${basename(source, '.ts')}.mjs`);
    mkdirSync(join(this.directory, below), { recursive: true });
    buildSync({
      entryPoints: [join(repository, source)],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    });
    return outfile;
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
