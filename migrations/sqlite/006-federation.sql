-- Foreign trust domains: where the bundle of each is fetched from, and the last good one.
CREATE TABLE federation (
  trust_domain TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  profile TEXT NOT NULL,
  endpoint_spiffe_id TEXT,               -- NULL with https_web
  allow_private_address INTEGER NOT NULL CHECK (allow_private_address IN (0, 1)),
  added_at INTEGER NOT NULL,             -- Unix milliseconds
  added_by TEXT NOT NULL,
  bundle TEXT,                           -- JSON as it was fetched; NULL: none yet
  fetched_at INTEGER,                    -- Unix milliseconds
  CHECK ((bundle IS NULL) = (fetched_at IS NULL))
) STRICT;
