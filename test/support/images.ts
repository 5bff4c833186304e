/** The images of the end-to-end suites; `scripts/e2e.ts` makes them and says what they are called. */
export const nodeImage = process.env["MYPAAS_TEST_NODE_IMAGE"] ?? "mypaas-dev/node:24";
export const traefikImage = process.env["MYPAAS_TEST_TRAEFIK_IMAGE"] ?? "mypaas-dev/traefik:3.7.15";
