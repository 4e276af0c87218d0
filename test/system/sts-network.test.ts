import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import type { Network, StsEndpoint } from '../../src/ports/sts.ts';
import type { StsDouble } from '../../src/sandbox/sts-double.ts';
import { createSts } from '../../src/system/sts.ts';
import { alice, callBy, learningClock, startWorld } from '../harness/sts-world.ts';
import { type ProxyDouble, startProxy, startTlsFront, type TlsFront } from '../harness/tls-front.ts';

describe('the STS adapter on its way', () => {
  let double: StsDouble;
  let front: TlsFront;
  let proxy: ProxyDouble;
  let refusing: ProxyDouble;
  let directory: string;
  beforeAll(async () => {
    double = await startWorld();
    front = await startTlsFront(double.url);
    [proxy, refusing] = await Promise.all([startProxy(), startProxy({ status: 403 })]);
    directory = mkdtempSync(join(tmpdir(), 'rolekeeper-sts-'));
  });
  afterAll(async () => {
    await Promise.all([double.stop(), front.stop(), proxy.stop(), refusing.stop()]);
    rmSync(directory, { recursive: true });
  });

  const sts = () => createSts({ clock: learningClock(), deadlineMs: 5000 });
  const ask = (url: string, network: Network) => sts().getCallerIdentity(callBy(alice, url, { network }));
  const tunnelOf = (port: number, user = '') => ({ httpsProxy: new Secret(`http://${user}127.0.0.1:${port}`) });

  it('a CA bundle makes a private endpoint trusted', async () => {
    await expect(ask(front.url, { caBundle: front.caPath })).resolves.toMatchObject({ arn: alice.arn });
  });

  it('without the CA bundle the failure names ca_bundle', async () => {
    await expect(ask(front.url, {})).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/^could not reach localhost:\d+: its certificate is not trusted \(.*set ca_bundle/),
    });
  });

  it('a certificate for another name is not trusted', async () => {
    await expect(ask(front.url.replace('localhost', '127.0.0.1'), { caBundle: front.caPath })).rejects.toMatchObject({
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    });
  });

  it('a CA bundle that is not there, or holds no certificate, is named', async () => {
    const missing = join(directory, 'missing.pem');
    const empty = join(directory, 'empty.pem');
    writeFileSync(empty, 'nothing here\n');
    await expect(ask(front.url, { caBundle: missing })).rejects.toMatchObject({
      code: 'config-unreadable',
      message: `could not read ${missing}: ca_bundle: ENOENT`,
    });
    await expect(ask(front.url, { caBundle: empty })).rejects.toMatchObject({
      code: 'config-unreadable',
      message: expect.stringContaining('no certificate'),
    });
  });

  // Somebody's old workaround for another program let anybody read the credentials, and a warning went to the SDK on stderr.
  it('NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing, and no warning is given', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    try {
      const secureProxy = await startTlsFront(`http://127.0.0.1:${proxy.port}`);
      const viaProxy = { httpsProxy: new Secret(secureProxy.url), caBundle: front.caPath };
      for (const network of [{}, tunnelOf(proxy.port)])
        await expect(ask(front.url, network)).rejects.toThrow(/certificate is not trusted/);
      await expect(ask(front.url, viaProxy)).rejects.toThrow(/the proxy localhost:\d+ does not answer/);
      expect(process.env['NODE_TLS_REJECT_UNAUTHORIZED']).toBe('0');
      await secureProxy.stop();
    } finally {
      process.off('warning', note);
      vi.unstubAllEnvs();
    }
    expect(warnings).toEqual([]);
  });

  it('an HTTPS proxy is asked for a tunnel, with its user and password', async () => {
    const network = { caBundle: front.caPath, ...tunnelOf(proxy.port, 'al%40ice:p%25w@') };
    await expect(ask(front.url, network)).resolves.toMatchObject({ arn: alice.arn });
    expect(proxy.tunnels.at(-1)).toEqual({ target: `localhost:${new URL(front.url).port}`, credentials: 'al@ice:p%w' });
  });

  it('the TLS inside a tunnel is checked as well', async () => {
    await expect(ask(front.url, tunnelOf(proxy.port))).rejects.toThrow(/certificate is not trusted/);
  });

  it('the proxy itself may speak TLS, and is checked as well', async () => {
    const secureProxy = await startTlsFront(`http://127.0.0.1:${proxy.port}`);
    const both = join(directory, 'both.pem');
    writeFileSync(both, readFileSync(front.caPath, 'utf8') + readFileSync(secureProxy.caPath, 'utf8'));
    const httpsProxy = new Secret(secureProxy.url);
    await expect(ask(front.url, { httpsProxy, caBundle: both })).resolves.toMatchObject({ arn: alice.arn });
    await expect(ask(front.url, { httpsProxy, caBundle: front.caPath })).rejects.toThrow(
      /the proxy localhost:\d+ does not answer \(.*(CERT|SIGNATURE)/,
    );
    await secureProxy.stop();
  });

  it('NO_PROXY keeps the proxy out', async () => {
    const before = proxy.tunnels.length;
    await ask(front.url, { caBundle: front.caPath, ...tunnelOf(proxy.port), noProxy: 'example.com,localhost' });
    expect(proxy.tunnels).toHaveLength(before);
  });

  it('a proxy that refuses is named without its password', async () => {
    const failure = await ask(front.url, tunnelOf(refusing.port, 'alice:hidden@')).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'network',
      details: { problem: `the proxy 127.0.0.1:${refusing.port} refused the tunnel (403)` },
    });
    expect(JSON.stringify(failure)).not.toContain('hidden');
  });

  it('a proxy that is not there, and a proxy setting that is no URL, are named', async () => {
    const port = await freePort();
    await expect(ask(front.url, tunnelOf(port))).rejects.toThrow(`the proxy 127.0.0.1:${port} does not answer (ECONNREFUSED)`);
    await expect(ask(front.url, { httpsProxy: new Secret('socks5://x:1') })).rejects.toThrow(
      /HTTPS_PROXY is not an http or https URL/,
    );
  });

  it('a proxy that never answers ends at the deadline', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const hasty = createSts({ clock: learningClock(), deadlineMs: 200 });
    const call = callBy(alice, front.url, { network: tunnelOf(port) });
    await expect(hasty.getCallerIdentity(call)).rejects.toMatchObject({ code: 'deadline' });
    silent.close();
  });

  it('a port where nobody listens and a server without TLS are told apart', async () => {
    const port = await freePort();
    await expect(ask(`http://127.0.0.1:${port}`, {})).rejects.toThrow(
      `could not reach 127.0.0.1:${port}: the connection was refused`,
    );
    await expect(ask(double.url.replace('http:', 'https:'), {})).rejects.toThrow(/no secure connection came about/);
  });

  // The refusing proxy learns which host the SDK would have gone to.
  it.each<[string, Partial<StsEndpoint>, string]>([
    ['a region', { region: 'eu-west-1' }, 'sts.eu-west-1.amazonaws.com:443'],
    ['a region of China', { region: 'cn-north-1' }, 'sts.cn-north-1.amazonaws.com.cn:443'],
    ['a region of GovCloud', { region: 'us-gov-west-1' }, 'sts.us-gov-west-1.amazonaws.com:443'],
    ['a region of the European Sovereign Cloud', { region: 'eusc-de-east-1' }, 'sts.eusc-de-east-1.amazonaws.eu:443'],
    ['an isolated region', { region: 'us-iso-east-1' }, 'sts.us-iso-east-1.c2s.ic.gov:443'],
    ['FIPS', { region: 'us-east-2', useFips: true }, 'sts-fips.us-east-2.amazonaws.com:443'],
    ['dual-stack', { region: 'eu-west-1', useDualstack: true }, 'sts.eu-west-1.api.aws:443'],
    ['FIPS and dual-stack', { region: 'us-west-2', useFips: true, useDualstack: true }, 'sts-fips.us-west-2.api.aws:443'],
    ['the global endpoint', { region: 'eu-west-1', useGlobal: true }, 'sts.amazonaws.com:443'],
  ])('%s has its own host', async (_what, endpoint, host) => {
    const { url: _url, ...plain } = callBy(alice, '').endpoint;
    const call = { ...callBy(alice, ''), endpoint: { ...plain, ...endpoint }, network: tunnelOf(refusing.port) };
    await expect(sts().getCallerIdentity(call)).rejects.toMatchObject({ code: 'network' });
    expect(refusing.tunnels.at(-1)?.target).toBe(host);
  });
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
