const nobody = 65_534;

/** Runs something with the rights of an ordinary user, because root may read and write everything. */
export async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  const { geteuid, seteuid } = process;
  if (geteuid?.() !== 0) return work();
  seteuid?.(nobody);
  try {
    return await work();
  } finally {
    seteuid?.(0);
  }
}
