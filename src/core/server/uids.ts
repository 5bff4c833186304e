/** Numeric users of the programs beside the worker: each has one of its own, so that none can do to another what a user may do to itself. Those of sysusers.d and of files on servers must stay. */
/** The receiver, and the page that is served while a service has none. */
export const receiverUid = 65532;
export const traefikUid = 65533;
/** Programs that read what strangers wrote; it owns the repositories of `git push`, and nothing else. */
export const jailUid = 65531;
/** Users of `git push` over ssh: whom git logs in as, and as whom sshd asks about a key. */
export const gitUid = 65529;
export const gitKeysUid = 65530;
/** They own no file. */
export const relayUid = 65528;
export const egressUid = 65527;
