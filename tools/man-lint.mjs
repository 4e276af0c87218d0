// Checks the manual pages with mandoc. Fails on anything mandoc says: its exit status alone would let some of it through.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = readdirSync(join(root, 'man'))
  .filter((name) => /\.\d$/.test(name))
  .map((name) => join('man', name));

process.exitCode = pages.length === 0 ? fail('there are no pages in man/') : lint();

function lint() {
  const { error, status, stdout, stderr } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', ...pages], {
    cwd: root,
    encoding: 'utf8',
  });
  if (error?.code === 'ENOENT') return fail('mandoc is missing: apt-get install -y --no-install-recommends mandoc');
  if (error !== undefined) return fail(error.message);
  const findings = `${stdout}${stderr}`;
  if (findings !== '' || status !== 0) return fail(`${findings}mandoc ended with status ${status}`);
  console.log(`man-lint: ${pages.length} pages, nothing to complain about`);
  return 0;
}

function fail(why) {
  console.error(`man-lint: ${why}`);
  return 1;
}
