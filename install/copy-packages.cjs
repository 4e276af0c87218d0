// Copies packages with all that they depend on from one node_modules into another. For install.sh.
// usage: node copy-packages.cjs FROM TO NAME...   FROM and TO hold node_modules

'use strict';
const { cpSync, existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const [from, to, ...names] = process.argv.slice(2);
const done = new Set();
while (names.length > 0) {
  const name = names.pop();
  const source = join(from, 'node_modules', name);
  if (done.has(name) || !existsSync(source)) continue;
  done.add(name);
  cpSync(source, join(to, 'node_modules', name), { recursive: true });
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  names.push(...Object.keys({ ...dependencies, ...optionalDependencies }));
}
