// Builds dist/: rolekeeper.js starts main.js, which holds all that a cached `get` needs; the rest lies in chunks that are loaded on demand.
// CommonJS, since Node's loader for ES modules alone costs a `get` half of its time (docs/decisions/build.md). dist/rolekeeper is the native
// front where there is a C compiler, else the same launcher once more.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { compileFront } from './compile-front.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const place = join(root, 'dist');
// Built aside and moved into place, so that nobody meets half a program.
const dist = `${place}.${process.pid}`;
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const target = 'node20.19';

/** How main.js becomes a function, the same where its code is kept and where it is used. */
const scriptText = `const { Script } = require('node:vm');
const filename = __dirname + '/main.js';
const cache = __dirname + '/main-' + process.version + '-' + process.arch + '.cache';
const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
const text = '(function (exports, require, module, __filename) {' + readFileSync(filename, 'utf8') + '\\n})';
// A URL, as Node's own modules have it: its coverage reports look at nothing else.
const script = new Script(text, { filename: 'file://' + filename, cachedData });`;

/** What `get` loads in every case, besides what src/main.ts imports by itself: the usual store. */
const hotSources = ['src/stores/secret-service.ts'];

const common = {
  absWorkingDir: root,
  entryNames: '[name]',
  bundle: true,
  platform: 'node',
  target,
  // Packages with native files are found beside us at run time; all others are bundled.
  external: ['fs-native-extensions', 'keytar'],
  define: { ROLEKEEPER_VERSION: JSON.stringify(version), FAULT_POINTS: 'false' },
  minifySyntax: true,
  legalComments: 'linked',
  logLevel: 'warning',
};

const { outputFiles, metafile } = await build({
  ...common,
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
  format: 'esm',
  metafile: true,
  write: false,
});
// Programs of their own, run as child processes.
await build({ ...common, entryPoints: ['src/stores/keytar-worker.ts', 'src/stores/age-worker.ts'], outdir: dist, format: 'cjs' });

mkdirSync(join(dist, 'chunks'), { recursive: true });
const texts = new Map(outputFiles.map(({ path, text }) => [path.slice(place.length + 1), text]));
const hot = hotChunks();
const contents = {};
for (const [name, text] of texts) await writeOutput(name, text);
writeFileSync(join(dist, 'main.js'), await mainText());
contents['main.js'] = ['main.js', ...hot].flatMap(sourcesOf);
writeFileSync(join(dist, 'contents.json'), `${JSON.stringify(contents, undefined, 1)}\n`);
writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
writeFileSync(join(dist, 'rolekeeper.js'), launcherText());
chmodSync(join(dist, 'rolekeeper.js'), 0o755);
// Not resolved further than Node itself does: a version manager's link may lead elsewhere tomorrow. When an upgrade takes this very
// file away, the front looks on PATH and in the usual places, where the links are.
const compiler = compileFront({ output: join(dist, 'rolekeeper'), node: process.execPath, place });
if (compiler === undefined) copyFileSync(join(dist, 'rolekeeper.js'), join(dist, 'rolekeeper'));
console.log(
  `dist/rolekeeper is ${compiler === undefined ? 'the JavaScript launcher: no C compiler' : `the native front, by ${compiler}`}`,
);
keepCompiledCode();
moveIntoPlace();

async function writeOutput(name, text) {
  const path = join(dist, name);
  if (name === 'main.js') return;
  if (!name.endsWith('.js')) return writeFileSync(path, text);
  if (hot.has(name))
    return writeFileSync(path, `module.exports = require.main.exports.hot(${JSON.stringify(basename(name))});\n`);
  contents[name] = sourcesOf(name);
  writeFileSync(path, await commonJs(text));
}

/**
 * Starts main.js out of V8's compiled code where the build left some for this very Node, else from its text. V8 itself refuses code of
 * another version or of another text.
 */
function launcherText() {
  return `#!/usr/bin/env node
'use strict';
const { existsSync, readFileSync } = require('node:fs');
${scriptText}
script.runInThisContext()(exports, require, module, __filename);
`;
}

/**
 * Runs one `get` in an empty world, with a keychain that hangs up after the greeting, and keeps what V8 compiled for it. Where that
 * fails, the program is only slower.
 */
function keepCompiledCode() {
  const world = mkdtempSync(join(tmpdir(), 'rk-build-'));
  const warmUp = `
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const net = require('node:net');
const __dirname = ${JSON.stringify(dist)};
const main = require('node:module').createRequire(__dirname + '/rolekeeper.js');
${scriptText}
process.argv = [process.argv[0], __dirname + '/rolekeeper.js', 'get', 'build'];
process.on('exit', () => writeFileSync(cache, script.createCachedData()));
const bus = net.createServer((socket) => socket.once('data', () => socket.end('DATA\\r\\nOK 0\\r\\n')));
bus.listen('bus', () => script.runInThisContext()(exports, main, module, filename));`;
  mkdirSync(join(world, 'state'), { mode: 0o700 });
  writeFileSync(
    join(world, 'config'),
    `[profile build]\nrole_arn = arn:aws:iam::123456789012:role/build\nsource_profile = keys\nregion = eu-west-1\n[rolekeeper keys]\nmfa_serial = arn:aws:iam::123456789012:mfa/build\n`,
  );
  const env = {
    PATH: process.env.PATH,
    HOME: world,
    AWS_CONFIG_FILE: join(world, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    ROLEKEEPER_STATE_DIR: join(world, 'state'),
    ROLEKEEPER_STORE: 'keychain',
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(world, 'bus')}`,
  };
  spawnSync(process.execPath, ['-e', warmUp], { cwd: world, env, timeout: 20_000, stdio: 'ignore' });
  rmSync(world, { recursive: true, force: true });
}

/** One file of all hot chunks, each still a module of its own, and one instance of each for hot and cold code alike. */
async function mainText() {
  const modules = [];
  for (const name of [...hot, 'main.js']) {
    modules.push(`${JSON.stringify(basename(name))}(exports, module, require) {\n${await commonJs(texts.get(name))}}`);
  }
  return `'use strict';
const modules = {
${modules.join(',\n')}
};
const loaded = new Map();
function hot(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  modules[name](module.exports, module, load);
  return module.exports;
}
function load(path) {
  if (!path.startsWith('.')) return require(path);
  const name = path.slice(path.lastIndexOf('/') + 1);
  return Object.hasOwn(modules, name) ? hot(name) : require('./chunks/' + name);
}
module.exports = { hot };
hot('main.js');
`;
}

async function commonJs(text) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target,
    supported: { 'dynamic-import': false },
    // Names stay, for the stacks in reports; blanks and comments would be a third of what every `get` has to read.
    minifyWhitespace: true,
    define: { 'import.meta.url': '__fileUrl' },
  });
  return code.includes('__fileUrl') ? `const __fileUrl = require('node:url').pathToFileURL(__filename).href;\n${code}` : code;
}

/** The chunks, without main.js itself, that are imported by it or by the hot sources without being asked for. */
function hotChunks() {
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [path.slice('dist/'.length), output]));
  const holds = (name, source) => Object.keys(outputs.get(name).inputs).includes(source);
  const chunks = [...outputs.keys()].filter((name) => hotSources.some((source) => holds(name, source)));
  const found = new Set();
  const visit = (name) => {
    if (found.has(name)) return;
    found.add(name);
    for (const { path, kind, external } of outputs.get(name).imports) {
      if (kind === 'import-statement' && external !== true) visit(path.slice('dist/'.length));
    }
  };
  for (const name of ['main.js', ...chunks]) visit(name);
  found.delete('main.js');
  return found;
}

function sourcesOf(name) {
  return Object.keys(metafile.outputs[`dist/${name}`].inputs);
}

function moveIntoPlace() {
  const old = `${dist}.old`;
  if (existsSync(place)) renameSync(place, old);
  renameSync(dist, place);
  rmSync(old, { recursive: true, force: true });
}
