/** A name of a service, as the wire, git and registries take it. */
export const serviceForm = /^[a-z0-9][a-z0-9.-]{0,49}$/;

/** The full name of a commit, by SHA-1 or SHA-256. */
export const commitForm = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
