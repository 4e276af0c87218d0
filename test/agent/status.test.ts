import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AgentStatus, parseAgentStatus } from '../../src/agent/status.ts';

const whole: AgentStatus = {
  v: 1,
  pid: 42,
  version: '1.2.3',
  uptimeSeconds: 90,
  socket: '/run/user/1000/rolekeeper/agent.sock',
  callers: 1,
  cached: 3,
  refreshing: 0,
  planned: 2,
  nextRefreshAt: '2026-01-02T08:38:00.000Z',
};

describe('parseAgentStatus', () => {
  it('parseAgentStatus takes back what was said', () => {
    const { nextRefreshAt: _none, ...withoutPlan } = whole;
    for (const status of [whole, withoutPlan, { ...whole, unlocked: true, profiles: ['dev', 'ops'] }])
      expect(parseAgentStatus(JSON.stringify(status))).toStrictEqual(status);
  });

  it('parseAgentStatus takes what a later version adds, and leaves it out', () => {
    expect(parseAgentStatus(JSON.stringify({ ...whole, mood: 'good', profiles: ['dev', 1] }))).toStrictEqual(whole);
  });

  it('parseAgentStatus leaves out what may be absent and is of another kind', () => {
    const { nextRefreshAt: _none, ...withoutPlan } = whole;
    const odd = { ...withoutPlan, nextRefreshAt: 7, unlocked: 'yes', profiles: 'dev' };
    expect(parseAgentStatus(JSON.stringify(odd))).toStrictEqual(withoutPlan);
  });

  it.each(Object.keys(whole).filter((name) => name !== 'nextRefreshAt'))('parseAgentStatus wants %s, and of its kind', (name) => {
    expect(parseAgentStatus(JSON.stringify({ ...whole, [name]: undefined }))).toBeUndefined();
    expect(parseAgentStatus(JSON.stringify({ ...whole, [name]: [] }))).toBeUndefined();
  });

  it.each(['', 'null', '[]', '"v"', '{', '{"v":2}'])('parseAgentStatus takes %j for no status', (text) => {
    expect(parseAgentStatus(text)).toBeUndefined();
  });

  it('parseAgentStatus never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseAgentStatus(text)));
  });
});
