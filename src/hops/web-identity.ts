// A role by web identity: a token that a file or a program gives, read anew for each call, takes the place of a signature.

import type { TokenSource, WebIdentityHop } from '../config/entry-hop.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { Secret } from '../credentials/secret.ts';
import { isProviderSilent } from '../credentials/sts-refusal-identity.ts';
import type { IdentityContext } from '../credentials/sts-refused-call.ts';
import { claimsInWords } from '../credentials/token-claims.ts';
import { AppError } from '../errors.ts';
import type { EntryCall, EntryPorts } from './entry.ts';
import { programsFor } from './programs.ts';

/** AWS's limit, in characters. */
const longestToken = 20_000;
const programWaitMs = 60_000;
/** AWS asks the identity provider for its keys, and gives up soon. */
const pausesMs = [250, 750];

/** Throws `identity-unusable` for a token that is none, `program-failed`, `program-needed` and what STS throws. */
export async function requestWebIdentity(
  { token: source, request, endpoint }: WebIdentityHop,
  { profile, ...call }: EntryCall,
  ports: EntryPorts & { readonly defaultSessionName: string },
): Promise<Credentials> {
  const place = placeOf(source, profile);
  const text = checkedToken(await readToken(source, { profile, signal: call.signal, place }, ports), place);
  const says = claimsInWords(text);
  const identity: IdentityContext = { from: place.from, ...(says === undefined ? {} : { says }) };
  const ask = () =>
    ports.sts.assumeRoleWithWebIdentity(
      { ...request, roleSessionName: request.roleSessionName ?? ports.defaultSessionName, token: new Secret(text) },
      { ...call, endpoint, context: { ...call.context, identity } },
    );
  for (const pauseMs of pausesMs) {
    try {
      return await ask();
    } catch (error) {
      if (!isProviderSilent(error)) throw error;
      await ports.clock.wait(pauseMs, call.signal);
    }
  }
  return await ask();
}

/** For messages. */
interface TokenPlace {
  readonly from: string;
  readonly unusable: (problem: string) => AppError;
}

function placeOf(source: TokenSource, profile: string): TokenPlace {
  const unusable = (problem: string, hint: string) =>
    new AppError('identity-unusable', { profile, what: 'web identity token', problem, hint });
  if (source.kind === 'process') {
    const from = 'the command of web_identity_token_process';
    return { from, unusable: (problem) => unusable(problem, `run ${from} by hand`) };
  }
  const hint = `check web_identity_token_file of "${profile}", and whatever is to write that file`;
  return {
    from: `web_identity_token_file, ${source.path}`,
    unusable: (problem) => unusable(`${source.path}: ${problem}`, hint),
  };
}

interface Reading extends Pick<EntryCall, 'profile'> {
  readonly signal: AbortSignal | undefined;
  readonly place: TokenPlace;
}

async function readToken(source: TokenSource, { profile, signal, place }: Reading, ports: EntryPorts): Promise<string> {
  if (source.kind === 'file') {
    const file = await ports.readSmallFile(source.path);
    if (file.kind === 'problem') throw place.unusable(file.problem);
    return file.text;
  }
  const setting = 'web_identity_token_process';
  return await programsFor({ setting, profile }, ports).output({
    command: source.command,
    setting,
    wanted: 'token',
    profile,
    waitMs: programWaitMs,
    longestOutput: 2 * longestToken,
    showsStderr: false,
    ...(signal === undefined ? {} : { signal }),
  });
}

function checkedToken(raw: string, { unusable }: TokenPlace): string {
  const text = raw.trim();
  if (text === '') throw unusable('it is empty');
  if (text.length > longestToken) throw unusable(`it is longer than ${longestToken} characters, AWS's limit`);
  if (/[^!-~]/.test(text)) throw unusable('it is no token: there are blanks or other odd characters in it');
  return text;
}
