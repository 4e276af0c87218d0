// Callers of the agent's answers, with everything behind them fake: who asked, what was noted, how long it took.

import { type AnswersPorts, answerGet, answerUnlock } from '../../src/agent/answers.ts';
import { Callers } from '../../src/agent/callers.ts';
import type { AgentAnswer, AgentRequest } from '../../src/agent/wire.ts';
import { reportLines } from '../../src/commands/report.ts';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import type { KeyId } from '../../src/config/names.ts';
import type { ConfigFiles } from '../../src/config/profile-settings.ts';
import type { AuditedAnswer } from '../../src/ports/audit.ts';
import { settled } from '../fakes/fake-machine.ts';
import { documentIn, minute, openAgentWorld } from './agent-world.ts';

const config = `[profile corp]
region = eu-west-1
[profile dev]
role_arn = arn:aws:iam::222233334444:role/dev
source_profile = corp
[profile work]
keys = corp
region = eu-west-1
mfa_serial = arn:aws:iam::123456789012:mfa/alice
[profile mfa]
role_arn = arn:aws:iam::222233334444:role/dev
source_profile = work
[profile asking]
role_arn = arn:aws:iam::222233334444:role/dev
source_profile = work
interactive = yes
[profile plain]
keys = corp
session = none
[profile other]
credential_process = /usr/bin/other-tool
[profile behind]
role_arn = arn:aws:iam::222233334444:role/dev
source_profile = other
[profile job]
role_arn = arn:aws:iam::222233334444:role/dev
credential_source = Environment
[profile task]
role_arn = arn:aws:iam::222233334444:role/dev
credential_source = EcsContainer
[profile pod]
role_arn = arn:aws:iam::222233334444:role/dev
web_identity_token_file = /tmp/token
[profile broken]
role_arn = arn:aws:iam::222233334444:role/dev
`;
/** With these settings of ours before the profiles. */
export function filesWith(settings = ''): ConfigFiles {
  return { config: parseConfigFile(`${settings}${config}`, '/c'), credentials: parseCredentialsFile('', '/k') };
}

const home = '/home/alice';

export interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly leftMs?: number;
}

export async function openAsking() {
  const world = await openAgentWorld();
  const asked: { readonly id: KeyId; readonly profile: string; readonly home: string }[] = [];
  const noted: AuditedAnswer[] = [];
  const startedElsewhere: string[] = [];
  let files: ConfigFiles | Error = filesWith();
  const callers = new Callers({
    env: {},
    placeOf: ({ HOME }) => ({ home: HOME ?? home, stateDirectory: '/state', configPath: '/c', credentialsPath: '/k' }),
    readFiles: () => {
      if (files instanceof Error) throw files;
      return files;
    },
  });
  const ports: AnswersPorts = {
    clock: world.machine.clock,
    log: world.ports.log,
    isMine: ({ place }) => place.home === home,
    roomFor: async () => world.room,
    wordsOf: reportLines,
    noteAsked: ({ step, profile, caller }) => {
      asked.push({ id: step.id, profile, home: caller.place.home });
      world.state.noteAsked(step.id);
    },
    refreshElsewhere: (_caller, profile) => void startedElsewhere.push(profile),
    localNow: () => world.machine.readClocks().wallMs,
    noteAnswer: (_caller, answer) => void noted.push(answer()),
  };
  const requestOf = (verb: string, argument: string, { env = {}, leftMs = 3_800 }: Given): AgentRequest => {
    return { verb, argument, cwd: '/', env, deadlineMs: world.machine.readClocks().wallMs + leftMs };
  };
  const get = (argument: string, given: Given = {}): Promise<AgentAnswer> => {
    const request = requestOf('get', argument, given);
    return answerGet(request, callers.of(request), ports);
  };
  /** The answer, and how long it took to come. */
  const timed = async (answering: Promise<AgentAnswer>): Promise<{ readonly answer: AgentAnswer; readonly tookMs: number }> => {
    const startedAt = world.machine.readClocks().monotonicMs;
    let answer: AgentAnswer | undefined;
    void answering.then((got) => {
      answer = got;
    });
    await settled();
    while (answer === undefined && world.machine.readClocks().monotonicMs - startedAt < minute) await world.machine.run(50);
    if (answer === undefined) throw new Error('no answer within a minute');
    return { answer, tookMs: world.machine.readClocks().monotonicMs - startedAt };
  };
  return {
    ...{ world, asked, noted, startedElsewhere, get, timed },
    unlock: (identity: string, given: Given = {}): Promise<AgentAnswer> => {
      const request = requestOf('unlock', identity, given);
      return answerUnlock(request, callers.of(request), ports);
    },
    got: async (profile: string, given: Given = {}): Promise<string> => keyIdIn((await timed(get(profile, given))).answer),
    assumed: (): number => world.sts.attempts.length,
    /** As long as AWS is not to answer at all. */
    hang: (): void => {
      world.sts.assumeRole = () => new Promise(() => undefined);
    },
    /** Somebody edits the files, or they cannot be read. */
    edit: (now: ConfigFiles | Error): void => {
      files = now;
    },
  };
}

export type Asking = Awaited<ReturnType<typeof openAsking>>;

/** The key id of an answer that is credentials. */
export function keyIdIn(answer: AgentAnswer): string {
  if (answer.kind !== 'exit' || answer.status !== 0) throw new Error(`no credentials: ${wordsIn(answer)}`);
  return documentIn(answer.bytes).AccessKeyId;
}

export function wordsIn(answer: AgentAnswer): string {
  return answer.kind === 'exit' ? answer.bytes.toString() : answer.reason;
}
