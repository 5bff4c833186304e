/** Forward migrations of the state database: entry N brings `user_version` from N to N + 1. Never edit one that was released; append. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE services (
    name TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    next_release INTEGER NOT NULL DEFAULT 1,
    created INTEGER NOT NULL
  ) STRICT;

  -- No reference to services: a value may be set before the first push.
  CREATE TABLE env (
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (service, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE releases (
    service TEXT NOT NULL REFERENCES services (name),
    number INTEGER NOT NULL,
    release TEXT NOT NULL,
    image_id TEXT NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL,
    created INTEGER NOT NULL,
    key TEXT NOT NULL,
    job INTEGER NOT NULL,
    PRIMARY KEY (service, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE keys (
    fingerprint TEXT PRIMARY KEY,
    line TEXT NOT NULL,
    added INTEGER NOT NULL,
    added_by TEXT NOT NULL
  ) STRICT;

  -- body: the signed bytes of a push until its job ends; never kept for actions that carry secrets.
  CREATE TABLE requests (
    id TEXT PRIMARY KEY,
    action TEXT NOT NULL,
    service TEXT,
    key TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    token_hash TEXT NOT NULL,
    content TEXT NOT NULL,
    body BLOB,
    job INTEGER
  ) STRICT;
  CREATE INDEX requests_expires ON requests (expires);

  CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    service TEXT NOT NULL,
    request TEXT NOT NULL,
    key TEXT NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL,
    created INTEGER NOT NULL,
    ended INTEGER
  ) STRICT;
  CREATE INDEX jobs_service ON jobs (service, id);
  CREATE INDEX jobs_state ON jobs (state);

  CREATE TABLE job_log (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    offset INTEGER NOT NULL,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (job, offset)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE steps (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    step TEXT NOT NULL,
    phase TEXT NOT NULL,
    data TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (job, seq)
  ) STRICT, WITHOUT ROWID;

  -- last_job: the newest job of that service whose manifest names the blob.
  CREATE TABLE blobs (
    service TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    last_job INTEGER NOT NULL,
    PRIMARY KEY (service, sha256)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX blobs_sha256 ON blobs (sha256);
  `,
  `
  -- receipt: JSON {ms, requests?, failed?} of the switch that made it live. repeats: the release that a rollback went back to.
  ALTER TABLE releases ADD COLUMN receipt TEXT;
  ALTER TABLE releases ADD COLUMN repeats INTEGER;
  ALTER TABLE jobs ADD COLUMN action TEXT NOT NULL DEFAULT 'push';

  -- scale: JSON {written, replicas}: what mypaas scale says while the Dockerfile says "written".
  ALTER TABLE services ADD COLUMN scale TEXT;

  -- What becomes true beside its release when a job is live. what: env or scale; value NULL takes it away.
  CREATE TABLE job_changes (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT,
    PRIMARY KEY (job, what, name)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- last_used: when a request was last accepted with it, to the minute; NULL: never.
  ALTER TABLE keys ADD COLUMN last_used INTEGER;
  `,
  `
  -- Logins for base images; the password leaves the worker only towards its host.
  CREATE TABLE registries (
    host TEXT PRIMARY KEY,
    username TEXT NOT NULL,
    password TEXT NOT NULL,
    since INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- record: JSON of what is known of a host that wants https.
  CREATE TABLE certificate_hosts (
    host TEXT PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT;

  -- Added by hand; PEM. The private key leaves the worker only towards Traefik.
  CREATE TABLE own_certificates (
    host TEXT PRIMARY KEY,
    certificate TEXT NOT NULL,
    private_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    added INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- secret: 1 for a value that never becomes an environment variable. In job_changes such a value is a change of "secret".
  ALTER TABLE env ADD COLUMN secret INTEGER NOT NULL DEFAULT 0;

  -- Values of the files of releases, kept as long as one of them may run again. version: keyed hash of service, name and value.
  CREATE TABLE secret_files (
    service TEXT NOT NULL,
    version TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (service, version)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Users of services that ask for a password; hash: bcrypt.
  CREATE TABLE users (
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (service, name)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Services whose routes answer 503 with a page; pass: hex digits with which the worker passes by.
  CREATE TABLE maintenance (
    service TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    since INTEGER NOT NULL,
    pass TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- project: JSON of what identifies the project that the service was last pushed from; NULL: not known.
  ALTER TABLE services ADD COLUMN project TEXT;

  -- A named volume that Docker has under another name; it stays when its service is removed, as the volume does.
  CREATE TABLE adopted_volumes (
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    volume TEXT NOT NULL,
    PRIMARY KEY (service, name)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Tokens that were used, until they end: what they allow, never the token. record: JSON of the grant.
  CREATE TABLE used_grants (
    id TEXT NOT NULL,
    key TEXT NOT NULL,
    record TEXT NOT NULL,
    expires INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    PRIMARY KEY (id, key)
  ) STRICT, WITHOUT ROWID;

  -- key: fingerprint of the key whose token it is; empty: of whatever key. Kept until the token has ended.
  CREATE TABLE revoked_grants (
    id TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (id, key)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- came_from: JSON of where the code came from, such as a commit; NULL: not known.
  ALTER TABLE releases ADD COLUMN came_from TEXT;
  `,
  `
  -- scale: JSON of the number of replicas that a command has set for a process beside web.
  CREATE TABLE process_scales (
    service TEXT NOT NULL,
    process TEXT NOT NULL,
    scale TEXT NOT NULL,
    PRIMARY KEY (service, process)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Repositories from which services are deployed. id: names the link to a forge; key: whose rights it has. branch, dockerfile: as in
  -- the request. token, secret: leave the worker only towards the repository, and never again. seen: the commit that a look found last.
  CREATE TABLE links (
    service TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    branch TEXT NOT NULL,
    dockerfile TEXT NOT NULL,
    token TEXT,
    secret TEXT NOT NULL,
    auto INTEGER NOT NULL,
    poll_ms INTEGER,
    key TEXT NOT NULL,
    since INTEGER NOT NULL,
    seen TEXT
  ) STRICT;

  -- What a forge has sent: a delivery that comes twice is the same job. body: sha256 of what was signed.
  CREATE TABLE link_deliveries (
    link TEXT NOT NULL,
    body TEXT NOT NULL,
    job INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (link, body)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- started: when it last began; NULL while it waits, and for jobs of earlier versions.
  ALTER TABLE jobs ADD COLUMN started INTEGER;
  `,
];
