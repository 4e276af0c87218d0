// One HTTP exchange with STS: a deadline over all of it, no more bytes than a reply can have, nothing that is not a reply of STS.
// The only importer of @smithy/node-http-handler.

import { Agent as HttpAgent } from 'node:http';
import { Readable } from 'node:stream';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { parsedUrl } from '../config/parsed-url.ts';
import type { EpochMs } from '../credentials/credentials.ts';
import type { Network } from '../ports/sts.ts';
import { openAgent } from './sts-tunnel.ts';

/** What came back was no reply of STS. `isServerTrouble` marks what a server says that is overloaded or down. */
export class ReplyProblem extends Error {
  readonly isServerTrouble: boolean;

  constructor(problem: string, isServerTrouble = false) {
    super(problem);
    this.isServerTrouble = isServerTrouble;
  }
}

export interface Exchange {
  readonly network: Network;
  /** Who should answer, for messages; STS when absent. */
  readonly service?: 'STS' | 'IAM' | 'IAM Identity Center' | 'IAM Roles Anywhere';
  /** XML when absent. */
  readonly language?: 'xml' | 'json';
  readonly signal: AbortSignal;
  /** Called with the Date header of every reply of STS, refusals too: a web page's clock is nobody's. */
  readonly learn: (serverNow: EpochMs) => void;
  /** Called with host and port before the request leaves. */
  readonly heading: (endpoint: string) => void;
}

/** STS replies have a few kilobytes. */
const maxReplyBytes = 1024 * 1024;

type Request = Parameters<NodeHttpHandler['handle']>[0];
type Outcome = ReturnType<NodeHttpHandler['handle']>;

/** The SDK's way out to the network, for one request. Follows no redirect. */
export class StsHttpHandler extends NodeHttpHandler {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    super();
    this.#exchange = exchange;
  }

  override async handle(request: Request): Outcome {
    const { network, signal, learn, heading, service = 'STS', language = 'xml' } = this.#exchange;
    const isSecure = request.protocol !== 'http:';
    const target = { host: request.hostname, port: request.port ?? (isSecure ? 443 : 80) };
    heading(request.port === undefined ? target.host : `${target.host}:${target.port}`);
    const inner = new NodeHttpHandler({
      httpAgent: new HttpAgent({ keepAlive: false }),
      ...(isSecure ? { httpsAgent: await openAgent(target, network, signal) } : {}),
    });
    try {
      const { response } = await inner.handle(request, { abortSignal: signal });
      const arrivedAt = performance.now();
      const body = await readBody(response.body, service);
      checkReply(body, { status: response.statusCode, headers: response.headers, service, language });
      learnDate(response.headers, (serverNow) => learn(serverNow + Math.round(performance.now() - arrivedAt)));
      return { response: Object.assign(response, { body }) };
    } finally {
      inner.destroy();
    }
  }
}

function learnDate(headers: Readonly<Record<string, string>>, learn: Exchange['learn']): void {
  const serverNow = Date.parse(headers['date'] ?? '');
  if (Number.isFinite(serverNow)) learn(serverNow);
}

async function readBody(body: unknown, service: string): Promise<Uint8Array> {
  if (!(body instanceof Readable)) return new Uint8Array();
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early destroys the stream, and with it the connection.
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > maxReplyBytes) throw new ReplyProblem(`its reply is larger than any reply of ${service}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// Captive portals, proxies and load balancers answer in HTML; a cut connection leaves half a document. Neither may reach a parser.
function checkReply(
  body: Uint8Array,
  {
    status,
    headers,
    service,
    language,
  }: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly service: string;
    readonly language: 'xml' | 'json';
  },
): void {
  const text = Buffer.from(body).toString('utf8').trim();
  const shape = language === 'xml' ? xmlShape(text) : jsonShape(text);
  // The portal says nothing where there is nothing to say.
  if (shape === 'whole' || (service === 'IAM Identity Center' && text === '' && status === 200)) return;
  if (status >= 500) throw new ReplyProblem(`it answered with HTTP status ${status}`, true);
  if (shape === 'cut') throw new ReplyProblem('its reply was cut off');
  const location = headers['location'];
  if (status >= 300 && status < 400) throw new ReplyProblem(`it redirects to ${hostOf(location)}, which ${service} never does`);
  if (text === '') throw new ReplyProblem(`its reply is empty (HTTP status ${status})`);
  const what = /<html|<!doctype/i.test(text.slice(0, 1000)) ? 'a web page' : 'something';
  throw new ReplyProblem(`it answered with ${what} that is no reply of ${service} (HTTP status ${status})`);
}

type Shape = 'whole' | 'cut' | 'other';

function xmlShape(text: string): Shape {
  const root = /^(?:<\?xml[^>]*\?>\s*)?<([A-Za-z]*Response)[\s>]/.exec(text)?.[1];
  if (root === undefined) return 'other';
  return text.endsWith(`</${root}>`) ? 'whole' : 'cut';
}

function jsonShape(text: string): Shape {
  if (!text.startsWith('{')) return 'other';
  try {
    JSON.parse(text);
    return 'whole';
  } catch {
    return 'cut'; // a SyntaxError, which says where, and nobody wants to know
  }
}

function hostOf(location: string | undefined): string {
  return parsedUrl(location ?? '')?.host ?? 'another place';
}
