// Judges a credential_process line: how it is written, and what came of running it as the clients do. Pure; never repeats an answer.

import { shellWords } from '../config/aws-config-header.ts';
import { isFields, parseJson } from '../credentials/json.ts';
import type { LineRun } from '../ports/inspector.ts';
import { shellWord } from '../shell-word.ts';
import { commandIn, editCommand, type Finding, fixCommand } from './finding.ts';

export interface ProcessLine {
  readonly profile: string;
  readonly line: string;
  readonly place: { readonly path: string; readonly line: number };
  /** What rolekeeper would write; undefined where this program lies at a path that some SDK cannot run. */
  readonly right: string | undefined;
  /** What may be written without asking; undefined where that is for the person to say. */
  readonly repaired: string | undefined;
}

/** The strictest client waits 5 s (sdk-contract.md 9). */
export const lineDeadlineMs = 4_000;
/** Java's limit. */
export const lineOutputLimit = 64_000;

/** A line with this program, all that follows it as it stands; undefined where it would still be wrong. */
export function repairedLine(program: string, rest: string): string | undefined {
  const line = `${program}${rest}`;
  return /^\s/.test(rest) && textProblem(line) === undefined ? line : undefined;
}

/** What is wrong before anything is run; a line that is wrong here need not be run. */
export function checkLineText(given: ProcessLine): readonly Finding[] {
  const { profile, line } = given;
  const problem = textProblem(line);
  if (problem === undefined) return [];
  const what = `the credential_process of "${profile}" ${problem.what}`;
  return [{ check: 'process-line', profile, what, why: problem.why, ...mendingOf(given) }];
}

/** At most one finding: the first way that fails tells. */
export function checkLineRuns(given: ProcessLine, runs: readonly LineRun[]): readonly Finding[] {
  const { profile } = given;
  for (const run of runs) {
    const problem = runProblem(run, given);
    if (problem === undefined) continue;
    const clients = run.way === 'shlex' ? 'the AWS CLI and boto3' : 'the SDKs of Go, JavaScript, Java and Rust';
    const what = `the credential_process of "${profile}", as ${clients} run it, ${problem.what}`;
    const mending = problem.mend === undefined ? mendingOf(given) : { mend: problem.mend };
    return [{ check: 'process-line', profile, what, why: problem.why, ...mending }];
  }
  return [];
}

/** The line of a profile whose own recipe its clients never come to. */
export function checkLineTarget(given: ProcessLine, { asked, hasRecipe }: LineTarget): readonly Finding[] {
  const { profile, place, right } = given;
  if (asked === profile || !hasRecipe) return [];
  return [
    {
      check: 'process-line',
      profile,
      what: `the credential_process of "${profile}" ${asked === undefined ? 'runs another program' : `asks for "${asked}"`}, though [rolekeeper ${profile}] has a recipe`,
      why: 'clients get what that line gives, and not what the recipe says: perhaps another account',
      mend: `${editCommand(place)}    # credential_process = ${right ?? anyPath(profile)}`,
    },
  ];
}

export interface LineTarget {
  /** The profile that the line asks rolekeeper for; undefined for another program's line. */
  readonly asked: string | undefined;
  /** Of the profile itself, with a role of its own. */
  readonly hasRecipe: boolean;
}

/** For a profile of the config with a recipe, and no line; `place` is its header. */
export function checkMissingLine({ profile, place, right }: Omit<ProcessLine, 'line' | 'repaired'>): Finding {
  return {
    check: 'process-line',
    profile,
    what: `[profile ${profile}] has no credential_process, though [rolekeeper ${profile}] has a recipe`,
    why: 'no client finds its way to the recipe: it looks as if the profile had no credentials',
    ...mendingOf({ profile, place, right, repaired: right, line: '' }),
  };
}

/** Nothing is rewritten that is right: then it is the program itself. */
function mendingOf({ profile, line, place, right, repaired }: ProcessLine): Pick<Finding, 'mend' | 'fix'> {
  if (repaired === undefined) return { mend: `${editCommand(place)}    # credential_process = ${right ?? anyPath(profile)}` };
  if (repaired === line) return { mend: `rolekeeper explain ${shellWord(profile)}` };
  return { mend: fixCommand, fix: { kind: 'line', profile, value: repaired } };
}

function anyPath(profile: string): string {
  return `/ABSOLUTE/PATH/rolekeeper get ${shellWord(profile)}`;
}

/** The profiles that wait for one login become one finding. `startOf` is the same for profiles that one login covers. */
export function mergeLogins(findings: readonly Finding[], startOf: (profile: string) => string | undefined): readonly Finding[] {
  const loginOf = ({ mend }: Finding) => {
    const target = mend.startsWith('rolekeeper login ') ? shellWords(mend)[2] : undefined;
    if (target !== undefined) return startOf(target) ?? mend;
    return mend.startsWith('aws login ') ? mend : undefined;
  };
  return findings.flatMap((finding) => {
    const login = loginOf(finding);
    const same = login === undefined ? [finding] : findings.filter((other) => loginOf(other) === login);
    if (same.length === 1) return [finding];
    if (same[0] !== finding) return [];
    const names = same.map(({ profile }) => profile ?? '').join(', ');
    const { check, mend } = finding;
    const why = finding.why.replace(`${noAnswer} from it`, `${noAnswer} from them`);
    return [{ check, what: `${same.length} profiles wait for a login: ${names}`, why, mend }];
  });
}

interface Problem {
  readonly what: string;
  readonly why: string;
  readonly mend?: string;
}

function textProblem(line: string): Problem | undefined {
  const [program = ''] = line.trim().split(/\s+/);
  const odd = /[~$;#&*|<>`]/.exec(line)?.[0];
  if (odd !== undefined) {
    return {
      what: `has the character ${odd}`,
      why: 'boto3 passes it on as it is, a shell acts on it: the two run different things',
    };
  }
  if (/^(["']).*\1$/.test(line))
    return { what: 'begins and ends with a quote', why: 'Terraform takes both away and runs the rest' };
  if (!/^["']?(?:\/|[A-Za-z]:[\\/])/.test(program)) {
    const why = 'services, IDEs and cron have another PATH and another directory, and do not find it';
    return { what: 'is no absolute path', why };
  }
  return undefined;
}

const noAnswer = 'clients get no credentials';

function runProblem(run: LineRun, { profile }: ProcessLine): Problem | undefined {
  switch (run.end) {
    case 'not-started':
      return { what: 'cannot be started', why: `its program is not there: ${noAnswer} from it` };
    case 'too-late':
      return {
        what: `takes more than ${lineDeadlineMs / 1000} s`,
        why: 'the SDK of Rust and the JetBrains tools give up after 5 s',
      };
    case 'too-much':
      return { what: `prints more than ${lineOutputLimit} bytes`, why: 'the SDK of Java takes no more' };
    case 'exited':
      return run.status === 0 ? answerProblem(run) : failure(run, profile);
    default:
      return run.end satisfies never;
  }
}

/** rolekeeper's own two lines, what and hint; a shell's for a program that is gone. */
function failure({ status, stderr }: LineRun, profile: string): Problem {
  const lines = stderr.split('\n').filter((line) => line !== '');
  const said = (lines[0] ?? '').replace(/^rolekeeper: /, '').slice(0, 300);
  const hint = /^rolekeeper: hint: (.+)$/m.exec(stderr)?.[1];
  const why = `${noAnswer} from it${said === '' ? '' : `: ${said}`}`;
  if (status === 126) return { what: 'ends with status 126: no program that may be run', why };
  if (status === 127) return { what: 'ends with status 127: no such program', why };
  return {
    what: `ends with status ${status ?? 'none'}`,
    why,
    mend: hint === undefined ? `rolekeeper explain ${shellWord(profile)}` : commandIn(hint),
  };
}

function answerProblem({ stdout, stderr }: LineRun): Problem | undefined {
  if (stderr !== '')
    return { what: 'writes to stderr though it works', why: 'the SDK of C++ reads that as a part of the answer' };
  return isAnswer(stdout)
    ? undefined
    : { what: 'prints something else than credentials', why: 'clients refuse it, and Go shows it whole' };
}

/** `Version` 1, both keys, and of temporary credentials an end in UTC (sdk-contract.md 1 and 2). */
function isAnswer(stdout: string): boolean {
  const answer = parseJson(stdout);
  if (!isFields(answer)) return false;
  const isText = (key: string) => typeof answer[key] === 'string';
  const hasEnd = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(String(answer['Expiration']));
  return answer['Version'] === 1 && isText('AccessKeyId') && isText('SecretAccessKey') && (hasEnd || !('SessionToken' in answer));
}
