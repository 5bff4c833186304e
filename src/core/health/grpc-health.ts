/** The method of gRPC's health checking protocol. As the path of a health check of an h2c service it is asked as gRPC. */
export const grpcHealthPath = "/grpc.health.v1.Health/Check";

const statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** The status in an answer of the health service: `SERVING` or another word of the protocol, or `gRPC status N` for a failed call. */
export function grpcHealthStatus(code: string, body: Uint8Array): string {
  if (code !== "0") return `gRPC status ${/^\d{1,3}$/.test(code) ? code : "unknown"}`;
  // Five bytes of frame; then field 1, a number, which is left out when it is 0.
  const [key, value = 0] = body.subarray(5);
  return (key === 8 ? statuses[value] : undefined) ?? "UNKNOWN";
}
