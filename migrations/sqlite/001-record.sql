-- The issuance record. Ids are given by the store's one writer, ascend and are never used again.
-- Text that repeats in most rows (identity, authority) is kept once and referred to by number. No foreign keys on
-- intents: the writer takes both numbers from these tables in the same transaction, and only what no row names is
-- deleted.
CREATE TABLE identities (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE signers (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE intents (
  id INTEGER PRIMARY KEY,
  serial BLOB NOT NULL CHECK (length(serial) = 16),
  identity INTEGER NOT NULL,
  not_before INTEGER NOT NULL,           -- Unix seconds
  not_after INTEGER NOT NULL,            -- Unix seconds
  issued_at INTEGER NOT NULL,            -- Unix milliseconds
  attestor TEXT NOT NULL,
  subject TEXT NOT NULL,
  signer INTEGER NOT NULL,
  spki_sha256 BLOB NOT NULL CHECK (length(spki_sha256) = 32),
  csr_sha256 BLOB NOT NULL CHECK (length(csr_sha256) = 32),
  peer TEXT NOT NULL,
  bundle_sequence INTEGER NOT NULL
) STRICT;
CREATE INDEX intents_by_time ON intents (issued_at);

-- Indices that are filled in sorted batches behind the rows (see docs/adr/0006): an ordinary index on a random key
-- costs one page written per row. Rows not yet here are in the writer's memory.
CREATE TABLE intents_by_serial (serial BLOB PRIMARY KEY, id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE intents_by_identity (
  identity INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (identity, issued_at, id)
) STRICT, WITHOUT ROWID;

-- One row says the outcome (1 issued, 2 failed) of every intent from first_id to last_id; ranges do not overlap.
CREATE TABLE results (
  first_id INTEGER PRIMARY KEY,
  last_id INTEGER NOT NULL CHECK (last_id >= first_id),
  outcome INTEGER NOT NULL CHECK (outcome IN (1, 2))
) STRICT;

CREATE TABLE record_state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  indexed_through INTEGER NOT NULL,      -- every intent up to this id is in both sorted indices
  removed_through INTEGER NOT NULL,      -- the highest id that retention removed
  probed_at INTEGER NOT NULL             -- Unix milliseconds of the last write that only asked whether writing works
) STRICT;
INSERT INTO record_state VALUES (1, 0, 0, 0);

CREATE TABLE join_tokens (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  identity TEXT NOT NULL,
  created_at INTEGER NOT NULL,           -- Unix milliseconds
  expires_at INTEGER NOT NULL,           -- Unix seconds
  uses INTEGER NOT NULL CHECK (uses >= 1),
  used INTEGER NOT NULL CHECK (used BETWEEN 0 AND uses),
  created_by TEXT NOT NULL,
  revoked INTEGER NOT NULL CHECK (revoked IN (0, 1))
) STRICT;

CREATE TABLE spent_jwts (hash BLOB PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX spent_jwts_by_expiry ON spent_jwts (expires_at);

CREATE TABLE denied (
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,                   -- Unix milliseconds
  actor TEXT NOT NULL,
  PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE authorities (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  key_type TEXT NOT NULL,
  not_before INTEGER NOT NULL,           -- Unix seconds
  not_after INTEGER NOT NULL,            -- Unix seconds
  issuer TEXT NOT NULL,
  certificate TEXT NOT NULL,
  created_at INTEGER NOT NULL            -- Unix milliseconds
) STRICT;
CREATE TABLE bundle_state (one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL) STRICT;
INSERT INTO bundle_state VALUES (1, 0);

CREATE TABLE admin_actions (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,                   -- Unix milliseconds
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL                   -- JSON object
) STRICT;
