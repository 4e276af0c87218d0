// Builds dist/: the program as ES modules, split so that `get` loads only what it needs, and dist/rolekeeper, which starts it.

import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
// Built aside and moved into place, so that nobody meets half a program.
const dist = join(root, `dist.${process.pid}`);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Packages with native files are found beside us at run time; all others are bundled. */
const external = ['fs-native-extensions', 'keytar'];

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts', 'src/stores/keytar-worker.ts', 'src/stores/age-worker.ts'],
  outdir: dist,
  entryNames: '[name]',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external,
  define: { ROLEKEEPER_VERSION: JSON.stringify(version) },
  minifySyntax: true,
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
});

// Bundled CommonJS packages ask for Node's built-ins with `require`, which a module does not have. Only the chunks that ask get it.
const requireLine =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);\n";
for (const name of readdirSync(join(dist, 'chunks'))) {
  const path = join(dist, 'chunks', name);
  const text = readFileSync(path, 'utf8');
  if (text.includes('Dynamic require of')) writeFileSync(path, requireLine + text);
}

writeFileSync(join(dist, 'package.json'), '{ "type": "module" }\n');
writeFileSync(join(dist, 'metafile.json'), JSON.stringify(metafile));
writeFileSync(join(dist, 'rolekeeper'), "#!/usr/bin/env node\nimport './main.js';\n");
chmodSync(join(dist, 'rolekeeper'), 0o755);

const place = join(root, 'dist');
const old = `${dist}.old`;
if (existsSync(place)) renameSync(place, old);
renameSync(dist, place);
rmSync(old, { recursive: true, force: true });
