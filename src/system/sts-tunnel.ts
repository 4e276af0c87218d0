// The connection to STS: the user's own certificate authorities, and a tunnel through the HTTPS proxy where one is set.
// The tunnel is ours because https-proxy-agent prints the proxy's password to stderr when DEBUG is set.

import { request as httpRequest } from 'node:http';
import { Agent, type AgentOptions, request as httpsRequest } from 'node:https';
import { BlockList, isIP, isIPv6 } from 'node:net';
import process from 'node:process';
import type { Duplex } from 'node:stream';
import { parsedUrl } from '../config/parsed-url.ts';
import { AppError } from '../errors.ts';
import type { Network } from '../ports/sts.ts';
import { readPlainFile } from './plain-file.ts';
import { errorCode, problemWords } from './problem-words.ts';

export interface Target {
  /** As in a URL; IPv6 with or without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What stood in the way at the proxy. The message names it by host and port, never its user or password. */
export class ProxyProblem extends Error {}

/**
 * An HTTPS agent for one request to the target. Throws `config-unreadable` for a CA bundle that cannot be used, `ProxyProblem` for what
 * the proxy did, and the signal's reason.
 */
export async function openAgent(target: Target, network: Network, signal: AbortSignal): Promise<Agent> {
  const trust = network.caBundle === undefined ? {} : { ca: readBundle(network.caBundle) };
  const proxy = network.httpsProxy?.reveal();
  if (proxy === undefined || isExempt(target, network.noProxy ?? '')) return new VerifyingAgent(trust);
  const socket = await openTunnel(target, { proxy: parseProxy(proxy), trust, signal });
  return new VerifyingAgent({ ...trust, socket });
}

/**
 * Checks certificates whatever NODE_TLS_REJECT_UNAUTHORIZED says: somebody's old workaround for another program must not open the way to
 * their credentials. Node reads the variable at each connect and, even where the option overrides it, warns on stderr (_tls_wrap.js,
 * getAllowUnauthorized); hence it is away for that moment, and back for the programs that we run.
 */
class VerifyingAgent extends Agent {
  constructor(options: AgentOptions) {
    super({ keepAlive: false, ...options, rejectUnauthorized: true });
  }

  override createConnection(...connecting: Parameters<Agent['createConnection']>): ReturnType<Agent['createConnection']> {
    const name = 'NODE_TLS_REJECT_UNAUTHORIZED';
    const before = process.env[name];
    delete process.env[name];
    try {
      return super.createConnection(...connecting);
    } finally {
      if (before !== undefined) process.env[name] = before;
    }
  }
}

/**
 * True if NO_PROXY names the host: `*`, a name (which covers its subdomains, with or without a leading dot), an address, a network in
 * CIDR form; each may end in a port. As curl and Go read it.
 */
export function isExempt({ host, port }: Target, noProxy: string): boolean {
  const entries = noProxy.toLowerCase().split(/[\s,]+/);
  const name = bare(host);
  return entries.some((entry) => entry !== '' && isNamedBy(entry, name, port));
}

function isNamedBy(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInNetwork(host, entry);
  const withPort = /^(.+):(\d+)$/.exec(entry);
  const isPlainIpv6 = isIPv6(entry);
  const name = bare(withPort === null || isPlainIpv6 ? entry : (withPort[1] ?? '')).replace(/^\*?\./, '');
  if (withPort !== null && !isPlainIpv6 && Number(withPort[2]) !== port) return false;
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
}

function isInNetwork(host: string, cidr: string): boolean {
  const [address = '', bits = ''] = cidr.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, Number(bits), kind);
  return list.check(host, kind);
}

function bare(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$/g, '');
}

// Node ignores what is no certificate, and then trusts nobody: better to say so.
function readBundle(path: string): string {
  const text = readText(path);
  if (!text.includes('-----BEGIN'))
    throw new AppError('config-unreadable', { path, problem: 'there is no certificate in this ca_bundle' });
  return text;
}

function readText(path: string): string {
  try {
    return readPlainFile(path);
  } catch (error) {
    const code = errorCode(error);
    const problem = code === undefined || code === 'ENOTFILE' ? `ca_bundle: ${problemWords(error)}` : `ca_bundle: ${code}`;
    throw new AppError('config-unreadable', { path, problem }, error);
  }
}

// HTTPS_PROXY is often written without a scheme.
function parseProxy(setting: string): URL {
  const text = setting.includes('://') ? setting : `http://${setting}`;
  const url = parsedUrl(text);
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new ProxyProblem('HTTPS_PROXY is not an http or https URL');
  }
  return url;
}

interface TunnelOptions {
  readonly proxy: URL;
  readonly trust: { readonly ca?: string };
  readonly signal: AbortSignal;
}

/** RFC 9110, 9.3.6: CONNECT to the target; after a 2xx reply the socket is a straight line to it. */
function openTunnel({ host, port }: Target, { proxy, trust, signal }: TunnelOptions): Promise<Duplex> {
  const authority = `${isIPv6(bare(host)) ? `[${bare(host)}]` : host}:${port}`;
  const isSecure = proxy.protocol === 'https:';
  const credentials = `${decoded(proxy.username)}:${decoded(proxy.password)}`;
  const request = (isSecure ? httpsRequest : httpRequest)({
    method: 'CONNECT',
    host: bare(proxy.hostname),
    port: proxy.port === '' ? (isSecure ? 443 : 80) : Number(proxy.port),
    path: authority,
    headers: {
      host: authority,
      ...(credentials === ':' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
    },
    agent: isSecure ? new VerifyingAgent(trust) : false,
    signal,
  });
  return new Promise((resolve, reject) => {
    request.once('connect', (response, socket, head) => {
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300 && head.length === 0) return resolve(socket);
      socket.destroy();
      reject(
        new ProxyProblem(
          `the proxy ${proxy.host} refused the tunnel (${status}${status === 407 ? ', wrong user or password' : ''})`,
        ),
      );
    });
    request.once('error', (error) => {
      const code = 'code' in error ? String(error.code) : error.message;
      reject(
        signal.aborted ? signal.reason : new ProxyProblem(`the proxy ${proxy.host} does not answer (${code})`, { cause: error }),
      );
    });
    request.end();
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text; // a bare % in a password
    throw error;
  }
}
