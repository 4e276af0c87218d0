// The files of install/, as texts in the program itself: what is written is what was built and tested, wherever the program lies.

import agentPlist from '../../install/launchd/rolekeeper.agent.plist' with { type: 'text' };
import refreshPlist from '../../install/launchd/rolekeeper.refresh.plist' with { type: 'text' };
import agentService from '../../install/systemd/rolekeeper.service' with { type: 'text' };
import agentSocket from '../../install/systemd/rolekeeper.socket' with { type: 'text' };
import refreshService from '../../install/systemd/rolekeeper-refresh.service' with { type: 'text' };
import refreshTimer from '../../install/systemd/rolekeeper-refresh.timer' with { type: 'text' };
import agentTask from '../../install/task-scheduler/rolekeeper-agent.xml' with { type: 'text' };
import refreshTask from '../../install/task-scheduler/rolekeeper-refresh.xml' with { type: 'text' };
import autostartEntry from '../../install/xdg-autostart/rolekeeper-agent.desktop' with { type: 'text' };

export const templates = {
  agentPlist,
  agentService,
  agentSocket,
  agentTask,
  autostartEntry,
  refreshPlist,
  refreshService,
  refreshTask,
  refreshTimer,
} as const;
