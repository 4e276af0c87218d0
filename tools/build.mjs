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

/** How main.js becomes a function, the same where its code is kept and where it is used. `url` says what to call it, in JavaScript. */
const scriptText = (url) => `const { Script } = require('node:vm');
const filename = __dirname + '/main.js';
const cache = __dirname + '/main-' + process.version + '-' + process.arch + '.cache';
const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
const text = '(function (exports, require, module, __filename) {' + readFileSync(filename, 'utf8') + '\\n})';
// A URL, as Node's own modules have it: its coverage reports look at nothing else.
const script = new Script(text, { filename: ${url}, cachedData });`;

/** What stacks show of code that was kept, wherever the program lies: the place of a build is nobody's business. */
const keptUrl = 'file:///rolekeeper/main.js';

/** What `get` loads in every case, besides what src/main.ts imports by itself: the usual store. */
const hotSources = ['src/stores/secret-service.ts'];

/** A recipe as `rolekeeper import` leaves it. */
const warmConfig = `[profile keys]
region = eu-west-1

[profile build]
region = eu-west-1
credential_process = rolekeeper get build

[rolekeeper keys]
mfa_serial = arn:aws:iam::123456789012:mfa/build

[rolekeeper build]
role_arn = arn:aws:iam::123456789012:role/build
source_profile = keys
`;

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

const commonJsOptions = {
  format: 'cjs',
  platform: 'node',
  target,
  supported: { 'dynamic-import': false },
  // Names stay, for the stacks in reports; blanks and comments would be a third of what every `get` has to read.
  minifyWhitespace: true,
  define: { 'import.meta.url': '__fileUrl' },
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
await build({
  ...common,
  entryPoints: ['src/front/launcher.ts'],
  outdir: dist,
  format: 'cjs',
  minifyWhitespace: true,
  supported: { 'dynamic-import': false },
});

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
await keepCompiledCode();
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
 * another version or of another text. A `get` asks the agent before, unless the front has done so.
 */
function launcherText() {
  return `#!/usr/bin/env node
'use strict';
const { existsSync, readFileSync } = require('node:fs');
const start = () => {
${scriptText("'file://' + filename")}
script.runInThisContext()(exports, require, module, __filename);
};
const [verb, profile = '-', ...rest] = process.argv.slice(2);
const isAsking = verb === 'get' && !profile.startsWith('-') && rest.length === 0 && process.env.ROLEKEEPER_DEADLINE === undefined;
if (isAsking) require('./launcher.js').launch(profile, start);
else start();
`;
}

/**
 * Runs one cached `get` in a world of its own (tools/warm-world.ts), and keeps what V8 compiled for it. Where that fails, on a system
 * without the Secret Service, the program is only slower. The seed makes two builds alike; V8 takes the code without it as well.
 */
async function keepCompiledCode() {
  const world = mkdtempSync(join(tmpdir(), 'rk-build-'));
  const at = (name) => join(world, name);
  const warmUp = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { answeringBus, writeState } from './warm-world.mjs';
const require = createRequire(import.meta.url);
const __dirname = ${JSON.stringify(dist)};
const main = createRequire(__dirname + '/rolekeeper.js');
${scriptText(JSON.stringify(keptUrl))}
// On a busy machine a wait would come to its end, and what comes then would be compiled too.
for (const name of ['setTimeout', 'setInterval']) {
  const start = globalThis[name];
  globalThis[name] = (work, ms, ...args) => start(work, 1_000 * ms, ...args);
}
process.argv = [process.argv[0], __dirname + '/rolekeeper.js', 'get', 'build'];
process.on('exit', () => writeFileSync(cache, script.createCachedData()));
writeState('keys', 'arn:aws:iam::123456789012:user/build', process.env.ROLEKEEPER_STATE_DIR);
answeringBus().listen('bus', () => script.runInThisContext()({}, main, {}, filename));`;
  await build({ ...common, entryPoints: ['tools/warm-world.ts'], outdir: world, format: 'esm', outExtension: { '.js': '.mjs' } });
  mkdirSync(at('state'), { mode: 0o700 });
  writeFileSync(at('warm-up.mjs'), warmUp);
  writeFileSync(at('config'), warmConfig);
  const env = {
    PATH: process.env.PATH,
    HOME: world,
    AWS_CONFIG_FILE: at('config'),
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    ROLEKEEPER_STATE_DIR: at('state'),
    ROLEKEEPER_STORE: 'keychain',
    ROLEKEEPER_AUTOSTART: '0',
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${at('bus')}`,
  };
  const { status, stderr } = spawnSync(process.execPath, ['--random-seed=1', 'warm-up.mjs'], {
    cwd: world,
    env,
    timeout: 20_000,
    encoding: 'utf8',
  });
  if (status !== 0) console.warn(`the cached get of the build failed, so dist/ starts more slowly:\n${stderr}`);
  rmSync(world, { recursive: true, force: true });
}

/**
 * One file of all hot chunks in one scope, where they call each other without a detour. What cold chunks import from them comes out of
 * `hot`, so that there is one instance of each module for both.
 */
async function mainText() {
  const plugin = { name: 'hot', setup: resolveInMain };
  const { outputFiles: joined } = await build({
    ...commonJsOptions,
    stdin: { contents: `import './main.js';\n${hotText()}`, resolveDir: dist },
    plugins: [plugin],
    // The same number without loading node:perf_hooks and ten files more, which takes 2 ms. It has nothing but `now` (test/imports.test.ts).
    banner: { js: 'const performance={now:()=>process.uptime()*1e3};' },
    bundle: true,
    write: false,
    logLevel: 'warning',
  });
  return joined[0].text;
}

/** The function `hot`: the exports of one hot chunk by its file's name, made when a cold chunk asks. */
function hotText() {
  const exported = [...hot].map((name, n) => ({ name, key: basename(name), prefix: `c${n}_`, names: namesForCold(name) }));
  const used = exported.filter(({ names }) => names.length > 0);
  const imports = used.map(
    ({ name, prefix, names }) => `import { ${names.map((one) => `${one} as ${prefix}${one}`).join(', ')} } from './${name}';\n`,
  );
  const getters = used.map(
    ({ key, prefix, names }) =>
      `${JSON.stringify(key)}: { ${names.map((one) => `get ${one}() { return ${prefix}${one}; }`).join(', ')} }`,
  );
  return `${imports.join('')}export function hot(name) { return { ${getters.join(', ')} }[name]; }\n`;
}

function namesForCold(name) {
  const path = `dist/${name}`;
  const isAsked = Object.entries(metafile.outputs).some(
    ([from, { imports }]) =>
      !hot.has(from.slice('dist/'.length)) &&
      from !== 'dist/main.js' &&
      imports.some((one) => one.path === path && one.kind === 'import-statement'),
  );
  return isAsked ? metafile.outputs[path].exports : [];
}

function resolveInMain({ onResolve, onLoad }) {
  onResolve({ filter: /^\./ }, ({ path }) => {
    const name = path === './main.js' ? 'main.js' : `chunks/${basename(path)}`;
    if (name === 'main.js' || hot.has(name)) return { path: name, namespace: 'hot' };
    return { path: `./${name}`, external: true };
  });
  onLoad({ filter: /.*/, namespace: 'hot' }, ({ path }) => ({ contents: texts.get(path) }));
  // The global, without the copy of all its properties that an import would make.
  onResolve({ filter: /^node:process$/ }, () => ({ path: 'process', namespace: 'global' }));
  onLoad({ filter: /.*/, namespace: 'global' }, ({ path }) => ({ contents: `export default globalThis.${path};` }));
}

async function commonJs(text) {
  const { code } = await transform(text, commonJsOptions);
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
