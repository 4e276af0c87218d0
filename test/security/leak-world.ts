// A world whose every secret is a marker: runs steps in it under watch, and tells where markers turned up that should not have.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { openWireTap, type WireTap } from '../chaos/wire-tap.ts';
import { startIdentityCenter } from '../doubles/identity-center.ts';
import { openIdentityProvider } from '../harness/identity-provider.ts';
import { until } from '../harness/session-bus.ts';
import { accessKeyId, accountId, mfaSerial, openWorld, program, roleArn, userArn, type World } from '../harness/world.ts';
import { receiver, type Scene, type Step } from './every-command.ts';
import { prepareHome } from './leak-home.ts';
import { type Marker, searchFor } from './markers.ts';
import { filesBelow, processesNow, type Seen } from './places.ts';
import { startWatched, type Watched } from './watched-run.ts';

export interface LeakWorld {
  readonly world: World;
  readonly scene: Scene;
  /** Variables for every step. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a step under watch, to the end of all that it starts. */
  run(step: Step): Promise<Watched>;
  /** Notes what a run showed and wrote; `step` says which secrets it may show where. */
  note(watched: Watched, step: Step): void;
  /** Notes what lies on the disk now, and what processes show. */
  look(): void;
  /** One line for each place with a marker, which is named and not shown. */
  leaks(): readonly string[];
  /** How many secrets there were by now. */
  markerCount(): number;
  close(): Promise<void>;
}

/** Of a device of its own: the demo, which is one of the steps, shows the codes of its own. */
const seed = 'KRUGS4ZANFZSA3LP';

/** Watched places besides HOME: `directories`. `keychainEnv` as in a world. */
export async function openLeakWorld({
  keychainEnv,
  directories = [],
  others = [],
  debug,
  hasAgent = false,
  env: more = {},
}: {
  readonly keychainEnv?: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
  /** Secrets that are not AWS's. */
  readonly others?: readonly Marker[];
  readonly debug: boolean;
  /** One is up before the first step. */
  readonly hasAgent?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<LeakWorld> {
  const made = { keys: newSecret(), otherKeys: newSecret(), proxy: newSecret(), inConfig: newSecret(), ofTool: newSecret() };
  const provider = openIdentityProvider();
  const token = provider.token();
  const otherKeys = { accessKeyId: 'AKIAIOSFODNN7EXAMPL2', secretAccessKey: made.otherKeys };
  const world = await openWorld({
    ...(keychainEnv === undefined ? {} : { keychainEnv }),
    providers: [provider.oidc],
    roles: [
      ...['Dev', 'Ops'].map((name) => ({ arn: roleArn(name), trust: [{ principals: [userArn], needsMfa: true }] })),
      { arn: roleArn('Pod'), trust: [{ principals: [provider.oidc.arn], actions: ['sts:AssumeRoleWithWebIdentity'] }] },
    ],
    users: [
      {
        arn: userArn,
        accessKeyId,
        secretAccessKey: made.keys,
        mfa: { serial: mfaSerial, seed },
        mayAssume: ['*'],
      },
      { arn: `arn:aws:iam::${accountId}:user/bob`, ...otherKeys },
    ],
  });
  const tap = await openWireTap(world.sts.url);
  const roleSecrets: string[] = [];
  const center = await startIdentityCenter({
    accounts: [{ accountId, name: 'Production', email: 'prod@example.com', roles: ['Ops'] }],
    now: world.sts.now,
    issue: ({ roleName }, lifeSeconds) => {
      const issued = world.sts.issueRole(roleArn(roleName), 'alice', lifeSeconds);
      roleSecrets.push(issued.secretAccessKey, issued.sessionToken);
      return issued;
    },
  });
  const env = { ...prepareHome(world, { ...made, token, debug, stsUrl: tap.url, centerUrl: center.url }), ...more };
  const codes: string[] = [];
  const nextCode = () => {
    world.sts.advance(30_000);
    const code = world.sts.totp('alice');
    codes.push(code);
    return code;
  };
  const notes: Note[] = [];
  const markers = (): readonly Marker[] => [
    { name: 'the secret access key', secret: made.keys },
    { name: "another user's secret access key", secret: made.otherKeys },
    { name: "the MFA device's secret", secret: seed },
    { name: proxyName, secret: made.proxy },
    { name: configName, secret: made.inConfig },
    { name: tokenName, secret: token },
    { name: toolName, secret: made.ofTool },
    ...[...tap.secrets(), ...center.secrets(), ...roleSecrets].map((secret, index) => ({
      name: `what AWS issued (${index})`,
      secret,
    })),
    ...others,
    ...codes.map((secret) => ({ name: 'an MFA code', secret })),
  ];
  const run = async (step: Step) => {
    world.sts.clearFaults();
    if (step.fault !== undefined) world.sts.fault(step.fault);
    center.sayBack(step.centerSaysBack === true);
    const filled = (text: string) => (text.includes('$CODE') ? text.replace('$CODE', nextCode()) : text);
    const { child, ended } = startWatched(world, [program, ...step.args.map(filled)], {
      env: { ...env, ...step.env },
      stdin: filled(step.stdin ?? ''),
    });
    if (step.startsAgent) await stopAgent(world, env, { strace: child.pid, ended });
    return ended;
  };
  const add = (seen: readonly Seen[], allowed: readonly string[] = []) =>
    void notes.push(...seen.map((one) => ({ ...one, allowed: [...allowed, ...allowedIn(one.place, world)] })));
  return {
    world,
    env,
    scene: {
      otherKeys,
      stsUrl: tap.url,
      proxy: `http://somebody:${made.proxy}@127.0.0.1:9`,
      sessionToken: () => sessionTokenOf(tap),
      seed,
      identityToken: token,
      hasKeychain: keychainEnv !== undefined,
      hasAgent,
    },
    run,
    note: ({ stdout, stderr, argv, environ, written }, { args, givesSecrets, writesPlaintext, env: given }) => {
      const place = (stream: string) => `${stream} of ${args.join(' ')}`;
      add([{ place: place('stderr'), bytes: Buffer.from(stderr) }, ...argv]);
      if (givesSecrets === undefined) add([{ place: place('stdout'), bytes: Buffer.from(stdout) }]);
      const isAllowedFile = (path: string) => writesPlaintext === true && path.startsWith(`${world.home}/.aws/`);
      add(written.filter((one) => !isAllowedFile(one.place)));
      const inherited = given !== undefined && 'HTTPS_PROXY' in given ? [proxyName] : [];
      add(
        environ.filter((one) => !one.place.endsWith(receiver)),
        inherited,
      );
    },
    look: () => {
      for (const directory of [world.home, ...directories]) add(filesBelow(directory));
      add(processesNow(process.pid));
    },
    leaks: () => {
      const search = searchFor(markers());
      const lines = notes.flatMap(({ place, bytes, allowed }) =>
        search.find(bytes).flatMap((name) => (allowed.includes(name) ? [] : [`${name} in ${place}`])),
      );
      return [...new Set(lines)];
    },
    markerCount: () => markers().length,
    close: async () => {
      await tap.close();
      await center.stop();
      await world.close();
    },
  };
}

interface Note extends Seen {
  /** Names of markers that may be here. */
  readonly allowed: readonly string[];
}

const proxyName = "the proxy's password";
const configName = 'the token of another profile';
const tokenName = 'the token of another program';
const toolName = "what another tool's credential_process gives";

/** Where they were before: in the user's own files, which edits write anew. */
function allowedIn(place: string, { home }: World): readonly string[] {
  const path = place.replace(/^the (path|link) /, '');
  return path.startsWith(`${home}/.aws/`) ? [configName, tokenName, toolName] : [];
}

function sessionTokenOf(tap: WireTap): string {
  const login = tap.flights().find(({ operation, issued }) => operation === 'GetSessionToken' && issued !== undefined);
  if (login?.issued === undefined) throw new Error('nobody has logged in yet');
  return login.issued.sessionToken;
}

function newSecret(): string {
  return randomBytes(30).toString('base64url');
}

/** Whatever became of the start, no agent is left. The command that starts it is left to see it answer: what it started is no child of strace's. */
async function stopAgent(
  world: World,
  env: Readonly<Record<string, string>>,
  { strace, ended }: { readonly strace: number | undefined; readonly ended: Promise<unknown> },
): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const isUp = async () => (await world.rolekeeper(['agent', 'status', '--json'], { env })).status === 0;
  await until(() => isOver || hasChildren(strace), 'the step began');
  // Where an agent was up before, its end is not yet that of the one which the step starts.
  const stopsWhatIsUp = async () => {
    if (!isOver && !hasChildren(strace) && (await isUp())) await world.rolekeeper(['agent', 'stop'], { env });
    return isOver;
  };
  await until(stopsWhatIsUp, 'the agent that the step started has ended', 60_000);
}

function hasChildren(pid: number | undefined): boolean {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1') !== '';
  } catch {
    return false; // it has ended
  }
}
