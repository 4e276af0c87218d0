// Each kind of fault, and who makes it.

import type { FaultKind } from './fault-rules.ts';
import * as clock from './faults/clock-faults.ts';
import * as config from './faults/config-faults.ts';
import * as disk from './faults/disk-faults.ts';
import * as items from './faults/item-faults.ts';
import * as keyring from './faults/keyring-faults.ts';
import * as login from './faults/login-faults.ts';
import * as processes from './faults/process-faults.ts';
import * as state from './faults/state-faults.ts';
import * as sts from './faults/sts-faults.ts';
import type { BeginFault } from './scene.ts';

export const faultTable: Readonly<Record<FaultKind, BeginFault>> = {
  'sts-throttles': sts.throttling,
  'sts-fails': sts.failing,
  'sts-hangs': sts.hanging,
  'sts-is-slow': sts.slow,
  'sts-lies': sts.lying,
  'sts-clock-moves': clock.doubleMoved,
  'keyring-locked': keyring.locked,
  'keyring-frozen': keyring.frozen,
  'keyring-gone': keyring.gone,
  'keyring-restarted': keyring.restarted,
  'callers-killed': processes.callersKilled,
  'callers-stopped': processes.callersStopped,
  'holder-killed': processes.holderKilled,
  'holder-stopped': processes.holderStopped,
  'agent-killed': processes.agentKilled,
  'agent-stopped': processes.agentStopped,
  'agent-stopped-long': processes.agentStopped,
  'agent-restarted': processes.agentRestarted,
  'state-corrupted': state.corrupted,
  'state-removed': state.removed,
  'state-unreadable': state.unreadable,
  'item-corrupted': items.corrupted,
  'item-removed': items.removed,
  'keys-corrupted': items.keysCorrupted,
  'disk-full': disk.full,
  'config-edited': config.changed,
  'config-truncated': config.truncated,
  'config-unreadable': config.unreadable,
  'clock-turned': clock.turned,
  'machine-sleeps': clock.asleep,
  'logged-out': login.loggedOut,
  'session-over': login.sessionOver,
};
