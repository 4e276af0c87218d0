import { execFile } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import { askLink } from '../../src/system/link.ts';
import { Bundles } from '../harness/bundle-module.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const address = started.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return `http://127.0.0.1:${address.port}`;
}

const get = (url: string, more: Partial<Parameters<typeof askLink>[0]> = {}) =>
  askLink({ url, method: 'GET', headers: {}, ...more });

describe('askLink', () => {
  it('gives status and body, whatever they are', async () => {
    const url = await serve((_request, response) => response.writeHead(404).end('not here'));
    expect(await get(url)).toEqual({ kind: 'reply', status: 404, body: 'not here' });
  });

  it('sends method, path and headers, secret ones too', async () => {
    const url = await serve((request, response) => {
      response.end([request.method, request.url, request.headers['authorization'], request.headers['x-one']].join(' '));
    });
    const headers = { authorization: new Secret('Basic abc'), 'x-one': '1' };
    expect(await get(`${url}/a?b`, { method: 'PUT', headers })).toMatchObject({ body: 'PUT /a?b Basic abc 1' });
  });

  it('follows no redirect', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/other' }).end();
      else response.end('followed');
    });
    expect(await get(url)).toEqual({ kind: 'reply', status: 302, body: '' });
  });

  it.each([
    ['says nothing', () => undefined],
    ['stops in the middle', (_request, response) => void response.write('{')],
    ['drips', (_request, response) => void setInterval(() => response.write('x'), 50).unref()],
  ] satisfies [string, RequestListener][])('who %s is waited for a second', async (_what, listener) => {
    const url = await serve(listener);
    const startedAt = performance.now();
    expect(await get(url)).toEqual({ kind: 'problem', problem: 'no answer in 1 s' });
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });

  it('who talks without end is cut off', async () => {
    const url = await serve((_request, response) => {
      const go = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
        response.once('drain', go);
      };
      go();
    });
    expect(await get(url)).toEqual({ kind: 'problem', problem: 'its answer is far too long' });
  });

  it.each([
    ['hangs up', (request) => void request.socket.destroy(), 'the connection broke'],
    ['breaks off', (request, response) => response.write('{', () => void request.socket.destroy()), /./],
  ] satisfies [string, RequestListener, string | RegExp][])('who %s is a problem in words', async (_what, listener, problem) => {
    const url = await serve(listener);
    expect(await get(url)).toEqual({ kind: 'problem', problem: expect.stringMatching(problem) });
  });

  it('nobody there is a problem in words', async () => {
    const url = await serve(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    expect(await get(url)).toEqual({ kind: 'problem', problem: 'nothing listens there' });
  });

  // Who stands between a machine and its metadata service is given its role. Node 24 takes a proxy from the environment when it is told to.
  it('goes through no proxy, whatever the environment says', async () => {
    const url = await serve((request, response) => response.end(`asked for ${request.url}`));
    const bundles = new Bundles();
    try {
      const module = bundles.add('src/system/link.ts');
      const ask = `import(${JSON.stringify(module)}).then((m) => m.askLink({ url: ${JSON.stringify(`${url}/x`)}, method: 'GET', headers: {} }))`;
      const proxies = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY'].map((name) => [name, 'http://127.0.0.1:9']);
      const env = { ...process.env, ...Object.fromEntries(proxies), NODE_USE_ENV_PROXY: '1', NO_PROXY: '' };
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', `${ask}.then((reply) => console.log(reply.body))`], {
        env,
      });
      expect(stdout).toBe('asked for /x\n');
    } finally {
      bundles.close();
    }
  });

  it("a caller's signal ends it, with the caller's own reason", async () => {
    const url = await serve(() => undefined);
    const end = new AbortController();
    const asking = get(url, { signal: end.signal });
    const reason = new AppError('deadline', { doing: 'it', seconds: 1 });
    end.abort(reason);
    await expect(asking).rejects.toBe(reason);
    await expect(get(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'interrupted' });
  });
});
