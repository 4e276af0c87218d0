import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StsDouble } from '../../src/sandbox/sts-double.ts';
import { startIdentityCenter } from '../doubles/identity-center.ts';
import { alice, startWorld } from '../harness/sts-world.ts';
import { type ProxyDouble, startProxy, startTlsFront, type TlsFront } from '../harness/tls-front.ts';

describe('the STS adapter in a hostile environment', () => {
  let double: StsDouble;
  let trap: Server;
  let trapped = 0;
  let directory: string;
  let program: string;
  let front: TlsFront;
  let proxy: ProxyDouble;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'rolekeeper-isolation-'));
    program = join(directory, 'child.mjs');
    double = await startWorld();
    front = await startTlsFront(double.url);
    proxy = await startProxy();
    trap = createServer((socket) => {
      trapped += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => {
      trap.listen(0, '127.0.0.1', resolve);
    });
    await bundle(program);
    // Whoever opens a FIFO for reading waits for ever, so a reader could not answer in time.
    mkdirSync(join(directory, '.aws'));
    execFileSync('mkfifo', [join(directory, '.aws', 'config'), join(directory, '.aws', 'credentials'), join(directory, 'other')]);
  });
  afterAll(async () => {
    trap.close();
    await Promise.all([double.stop(), front.stop(), proxy.stop()]);
    rmSync(directory, { recursive: true });
  });

  function hostileEnvironment(): Record<string, string> {
    const address = trap.address();
    const url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: directory,
      AWS_CONFIG_FILE: join(directory, 'other'),
      AWS_SHARED_CREDENTIALS_FILE: join(directory, 'other'),
      AWS_PROFILE: 'nobody',
      AWS_ACCESS_KEY_ID: 'AKIAHOSTILE',
      AWS_SECRET_ACCESS_KEY: 'hostile',
      AWS_SESSION_TOKEN: 'hostile',
      AWS_REGION: 'xx-hostile-1',
      AWS_ENDPOINT_URL: url,
      AWS_ENDPOINT_URL_STS: url,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
      AWS_USE_FIPS_ENDPOINT: 'true',
      AWS_DEFAULTS_MODE: 'auto',
      AWS_MAX_ATTEMPTS: 'many',
      AWS_RETRY_MODE: 'hostile',
      AWS_SDK_UA_APP_ID: 'x'.repeat(100),
      AWS_LAMBDA_FUNCTION_NAME: 'f',
      _X_AMZN_TRACE_ID: 'Root=1',
      AWS_EXECUTION_ENV: 'hostile',
      HTTPS_PROXY: url,
      HTTP_PROXY: url,
      DEBUG: '*',
    };
  }

  async function run(...args: readonly string[]) {
    const reportPath = join(directory, 'report.json');
    const child = spawn(process.execPath, [program, reportPath, ...args], {
      env: hostileEnvironment(),
      cwd: directory,
      timeout: 12_000,
      killSignal: 'SIGKILL',
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const [status] = await once(child, 'close');
    const report: unknown = existsSync(reportPath)
      ? JSON.parse(readFileSync(reportPath, 'utf8'))
      : 'none: the child had to be killed';
    rmSync(reportPath, { force: true });
    return { status, stdout, stderr, report };
  }

  const silentSuccess = {
    status: 0,
    stdout: '',
    stderr: '',
    // What the SDK's modules look at as they load and cannot be told not to; none of it changes a request.
    report: {
      outcome: '222233334444',
      read: [
        'AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA',
        'AWS_LAMBDA_BENCHMARK_MODE',
        'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED',
        'AWS_ENABLE_DEFAULT_SOCKET_TIMEOUT_2026',
      ],
    },
  };

  it('keeps no process alive after its answer', async () => {
    const startedAt = performance.now();
    await run(double.url);
    expect(performance.now() - startedAt).toBeLessThan(6000);
  });

  it('lets no variable change anything, reads no file, calls nobody else and prints nothing', async () => {
    expect(await run(double.url)).toEqual(silentSuccess);
    expect(trapped).toBe(0);
    expect(double.log().at(-1)).toMatchObject({ outcome: 'ok', callerArn: alice.arn, region: 'eu-west-1' });
    expect(double.log().at(-1)?.userAgent).toMatch(/^rolekeeper m\/\S+$/);
  });

  it('holds for the IAM adapter as well', async () => {
    const report = { ...silentSuccess.report, outcome: '1 key' };
    expect(await run(double.url, '', '', 'iam')).toEqual({ ...silentSuccess, report });
    expect(trapped).toBe(0);
    expect(double.log().at(-1)?.userAgent).toMatch(/^rolekeeper m\/\S+$/);
  });

  it('holds for the adapters of IAM Identity Center as well', async () => {
    const center = await startIdentityCenter({ accounts: [], now: Date.now, issue: () => expect.fail('nothing is issued') });
    const { report, ...rest } = await run(center.url, '', '', 'identity-center');
    await center.stop();
    expect(rest).toEqual({ status: 0, stdout: '', stderr: '' });
    const outcome = expect.stringMatching(/^browser, .*does not take the sign-in of "PROFILE" any more$/);
    expect(report).toEqual({ outcome, read: silentSuccess.report.read });
    expect(trapped).toBe(0);
  });

  it('prints nothing through a proxy with a password either', async () => {
    expect(await run(front.url, `http://alice:hidden@127.0.0.1:${proxy.port}`, front.caPath)).toEqual(silentSuccess);
    expect(proxy.tunnels).toHaveLength(1);
  });

  it('goes to the region of the call when that has no URL', async () => {
    const refusing = await startProxy({ status: 403 });
    const result = await run('', `http://127.0.0.1:${refusing.port}`, front.caPath);
    await refusing.stop();
    expect(result).toMatchObject({ status: 0, stdout: '', stderr: '', report: { read: silentSuccess.report.read } });
    expect(refusing.tunnels).toEqual([{ target: 'sts.eu-west-1.amazonaws.com:443' }]);
    expect(trapped).toBe(0);
  });
});

async function bundle(outfile: string): Promise<void> {
  await build({
    entryPoints: [new URL('../harness/sts-child.ts', import.meta.url).pathname],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
}
