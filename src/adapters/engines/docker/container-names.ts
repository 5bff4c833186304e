import { serviceHostName } from "../../../core/release/names.ts";

/** The container name of one replica until it gets the service's own name; replica counts from 1. */
export const replicaName = (
  instance: string,
  slug: string,
  release: number,
  replica: number,
): string => `${serviceHostName(instance, slug)}-r${release}-${replica}`;

/** The name of the container in which a release's own command runs before the switch. */
export const commandName = (instance: string, slug: string, release: number): string =>
  `${serviceHostName(instance, slug)}-r${release}-release`;

/** The name of a one-off container; `tag` keeps those of one service apart. */
export const runName = (instance: string, slug: string, tag: string): string =>
  `${serviceHostName(instance, slug)}-run-${tag}`;
