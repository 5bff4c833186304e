import type { State } from "./state.ts";

/** Name of the service that owns a slug, undefined when it is free. */
export function slugOwner(state: State, slug: string): string | undefined {
  return state.get("SELECT name FROM services WHERE slug = ?", slug)?.text("name");
}

/** True once a push of the service has begun to build. */
export function knowsService(state: State, service: string): boolean {
  return state.get("SELECT 1 FROM services WHERE name = ?", service) !== undefined;
}

/** Makes the service known; a second call changes nothing. */
export function ensureService(state: State, service: NewService): void {
  state.run(
    "INSERT INTO services (name, slug, created) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
    service.name,
    service.slug,
    service.now,
  );
}

export interface NewService {
  readonly name: string;
  readonly slug: string;
  readonly now: number;
}

/** Takes the next release number of a service; a number once taken is never given again, whatever becomes of it. */
export function takeReleaseNumber(state: State, service: string): number {
  const row = state.get(
    "UPDATE services SET next_release = next_release + 1 WHERE name = ? RETURNING next_release - 1 AS number",
    service,
  );
  if (row === undefined) throw new Error(`no service ${service}`);
  return row.integer("number");
}
