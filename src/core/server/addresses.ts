export const isIPv4 = (text: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(text);

/** True for addresses that lead nowhere but to the machine itself. */
export const isLoopback = (address: string): boolean =>
  address.startsWith("127.") || address === "::1";
