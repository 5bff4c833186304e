import { createLoadApp } from "../../test/support/load-app.ts";

/** The load's app as a program. It has no SIGTERM handler, so it ends at once with whatever it has not answered. */
const { MYPAAS_SERVICE, MYPAAS_RELEASE, BOOT_MS, PORT } = process.env;
const server = createLoadApp(`${MYPAAS_SERVICE}/${MYPAAS_RELEASE}`);
// Real ones take a while before they listen.
setTimeout(() => server.listen(Number(PORT)), Number(BOOT_MS));
