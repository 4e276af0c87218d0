// The proof that a profile works: its configured line is run as an SDK runs it, and AWS is asked whose the credentials are that it printed.

import process from 'node:process';
import type { ProfileName } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { ownLine } from '../config/setup-plan.ts';
import { parseProcessJson } from '../credentials/credentials.ts';
import { checkLineRuns, lineOutputLimit } from '../doctor/process-line.ts';
import { AppError } from '../errors.ts';
import type { CallerIdentity, Sts, StsCaller } from '../ports/sts.ts';
import type { Wiring } from '../wiring.ts';
import { routeOf } from './add.ts';
import type { Route } from './take-keys.ts';

export interface ProofPorts extends Pick<Wiring, 'env' | 'openInspector' | 'readConfig'> {
  readonly sts: Sts;
  readonly signal: AbortSignal;
}

/** A person waits, perhaps for the first start of everything. */
const lineDeadlineMs = 30_000;

/** Throws `proof-failed`, and what STS throws. */
export async function prove(profile: ProfileName, files: ConfigFiles, ports: ProofPorts): Promise<CallerIdentity> {
  const { sts, signal } = ports;
  const found = ownLine(profile, files);
  if (found === undefined) throw failed(profile, 'its credential_process does not run rolekeeper');
  const caller = await callerFrom(found.line, { profile, place: { path: files.config.path, line: found.at } }, ports);
  const context = { profile, loginTarget: profile };
  return await sts.getCallerIdentity({ ...routeOfAnswer(profile, files, ports), caller, context, signal });
}

/** Where the last hop asks; without one of STS, where the profile itself would. */
function routeOfAnswer(profile: ProfileName, files: ConfigFiles, ports: ProofPorts): Route {
  const { hops, network } = resolveRecipe(profile, files, ports.env);
  const last = hops.at(-1);
  return last !== undefined && 'endpoint' in last
    ? { endpoint: last.endpoint, network }
    : routeOf({ profile, region: undefined }, ports);
}

interface LinePlace {
  readonly profile: ProfileName;
  readonly place: { readonly path: string; readonly line: number };
}

async function callerFrom(line: string, { profile, place }: LinePlace, ports: ProofPorts): Promise<StsCaller> {
  // Switches of this one call are not the line's.
  const { ROLEKEEPER_DEBUG: _debug, ROLEKEEPER_DEADLINE: _deadline, ...env } = ports.env;
  const way = process.platform === 'win32' ? 'shell' : 'shlex';
  const inspector = await ports.openInspector();
  const run = await inspector.run(line, { way, env, deadlineMs: lineDeadlineMs, mostBytes: lineOutputLimit });
  const [finding] = checkLineRuns({ profile, line, place, right: line, repaired: line }, [run]);
  if (finding !== undefined) throw failed(profile, `${finding.what}; ${finding.why}`);
  const caller = parseProcessJson(run.stdout);
  if (caller === undefined) throw failed(profile, 'it printed no credentials');
  return caller;
}

function failed(profile: ProfileName, problem: string): AppError<'proof-failed'> {
  const hint = 'mend that and run `rolekeeper setup` again, or have another profile tried: `rolekeeper setup --prove PROFILE`';
  return new AppError('proof-failed', { profile, problem, hint });
}
