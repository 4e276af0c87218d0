// A moment as a person gives it: so long ago, or a day, or a time. Pure.

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30m`, `2026-01-02` (midnight here) or ISO 8601. Undefined for anything else. */
export function parseSince(text: string, now: number): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (units[unit] ?? 0);
  if (!/^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(text)) return undefined;
  const at = Date.parse(text.includes('T') ? text : `${text}T00:00:00`);
  return Number.isFinite(at) ? at : undefined;
}
