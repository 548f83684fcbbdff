-- The sequence of the bundle (roots) that an authority was first published in; 0: it is not published (intermediates).
ALTER TABLE authorities ADD COLUMN published_sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE authorities ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;          -- Unix milliseconds
-- PEM certificates between it and its root, as a JSON list; empty below a root of ours.
ALTER TABLE authorities ADD COLUMN chain TEXT NOT NULL DEFAULT '[]';
UPDATE authorities SET changed_at = created_at, published_sequence = CASE kind WHEN 'root' THEN 1 ELSE 0 END;

CREATE TABLE rotations (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  from_id TEXT NOT NULL,                 -- the authority that was active when it began
  to_id TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  started_at INTEGER NOT NULL,           -- Unix milliseconds
  activated_at INTEGER,                  -- Unix milliseconds
  ended_at INTEGER,                      -- Unix milliseconds
  forced INTEGER NOT NULL CHECK (forced IN (0, 1))
) STRICT;
-- One rotation of a kind at a time, whoever starts it.
CREATE UNIQUE INDEX rotations_running ON rotations (kind) WHERE ended_at IS NULL;

-- The bundle that the holder of a certificate says it uses; rows go with their certificate.
CREATE TABLE bundle_reports (
  serial BLOB PRIMARY KEY CHECK (length(serial) = 16),
  sequence INTEGER NOT NULL,
  not_after INTEGER NOT NULL             -- Unix seconds
) STRICT, WITHOUT ROWID;
