import { X509Certificate } from "node:crypto";
import { namesOf } from "../../core/certificates/manual-certificate.ts";
import type { HostRecord } from "../../core/certificates/record.ts";
import { readHostRecord } from "../../core/stored/records.ts";
import type { State } from "./state.ts";

/** A certificate that was added by hand, for every host that it covers; `host` is the one that it was added for. */
export interface OwnPair {
  readonly host: string;
  /** PEM, the host's own first. */
  readonly certificate: string;
  readonly privateKey: string;
  readonly fingerprint: string;
  readonly added: number;
}

/** Names that a certificate is for, and when it ends in milliseconds since the epoch. */
export function readCertificate({ certificate }: Pick<OwnPair, "certificate">): {
  readonly names: readonly string[];
  readonly until: number;
} {
  const parsed = new X509Certificate(certificate);
  return { names: namesOf(parsed), until: Date.parse(parsed.validTo) };
}

/** What is known of every host that has wanted https, by host. */
export const readHostRecords = (state: State): readonly HostRecord[] =>
  state
    .all("SELECT host, record FROM certificate_hosts ORDER BY host")
    .map((row) => readHostRecord(row.text("record"), row.text("host")));

export function putHostRecord(state: State, record: HostRecord): void {
  const sql = `INSERT INTO certificate_hosts (host, record) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET record = excluded.record`;
  state.run(sql, record.host, JSON.stringify(record));
}

export function removeHostRecord(state: State, host: string): void {
  state.run("DELETE FROM certificate_hosts WHERE host = ?", host);
}

/** All certificates that were added by hand, by host. */
export const readOwnPairs = (state: State): readonly OwnPair[] =>
  state.all("SELECT * FROM own_certificates ORDER BY host").map((row) => ({
    host: row.text("host"),
    certificate: row.text("certificate"),
    privateKey: row.text("private_key"),
    fingerprint: row.text("fingerprint"),
    added: row.integer("added"),
  }));

/** Keeps one; an older one of the same host is forgotten. */
export function putOwnPair(state: State, pair: OwnPair): void {
  const { host, certificate, privateKey, fingerprint, added } = pair;
  const sql = `INSERT INTO own_certificates (host, certificate, private_key, fingerprint, added) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET certificate = excluded.certificate, private_key = excluded.private_key,
      fingerprint = excluded.fingerprint, added = excluded.added`;
  state.run(sql, host, certificate, privateKey, fingerprint, added);
}

/** False when there was none. */
export const removeOwnPair = (state: State, host: string): boolean =>
  state.run("DELETE FROM own_certificates WHERE host = ?", host).changes > 0;
