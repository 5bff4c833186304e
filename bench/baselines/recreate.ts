import type { Move } from "./run.ts";

/** What `docker compose up` does: stop the old containers, then start the new ones in their place. */
export const recreate: Move = async (old, create) => {
  const fresh = await create();
  await Promise.all(old.map((container) => container.stop()));
  await Promise.all(old.map((container) => container.remove()));
  await Promise.all(fresh.map((container) => container.start()));
  return fresh;
};
