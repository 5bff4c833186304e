export const isIPv4 = (text: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(text);

/** True for addresses of the machine itself. */
export const isLoopback = (address: string): boolean =>
  address.startsWith("127.") || address === "::1";

const byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const fourBytes = new RegExp(`^${byte}(?:\\.${byte}){3}$`);

/** The text if it is an address, else undefined. */
export const readAddress = (text: string): string | undefined =>
  isAddress(text) ? text : undefined;

/** True for an IPv4 address, and for an IPv6 address without brackets and without a zone. */
export function isAddress(text: string): boolean {
  if (fourBytes.test(text)) return true;
  return /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) && URL.canParse(`http://[${text}]/`);
}
