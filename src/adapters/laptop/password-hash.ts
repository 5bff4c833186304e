import { hash } from "bcryptjs";

/** The cost that the server takes; see `core/actions/auth.ts`. */
const cost = 5;

/** The bcrypt hash of a password, with a new salt. bcrypt reads at most 72 bytes. */
export const hashPassword = (password: string): Promise<string> => hash(password, cost);
