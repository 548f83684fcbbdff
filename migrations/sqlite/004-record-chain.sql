-- Every row carries SHA-256 over the hash of the row before it and its own fields (docs/adr/0007). Rows that are here
-- already get theirs from the program, in the transaction of this migration.
ALTER TABLE intents ADD COLUMN hash BLOB CHECK (length(hash) = 32);
ALTER TABLE results ADD COLUMN sequence INTEGER;               -- ascends in the order of writing
ALTER TABLE results ADD COLUMN hash BLOB CHECK (length(hash) = 32);
ALTER TABLE admin_actions ADD COLUMN hash BLOB CHECK (length(hash) = 32);
UPDATE results SET sequence = n
  FROM (SELECT first_id AS id, row_number() OVER (ORDER BY first_id) AS n FROM results) WHERE first_id = id;
CREATE UNIQUE INDEX results_by_sequence ON results (sequence);
CREATE INDEX admin_actions_by_time ON admin_actions (at);

-- Where each chain begins and ends: the last row that retention removed, and the last row that was written or one
-- shortly before it.
CREATE TABLE chains (
  log TEXT PRIMARY KEY CHECK (log IN ('intents', 'results', 'actions')),
  anchor_sequence INTEGER NOT NULL,      -- 0: nothing was removed
  anchor_hash BLOB NOT NULL CHECK (length(anchor_hash) = 32),
  head_sequence INTEGER NOT NULL,
  head_hash BLOB NOT NULL CHECK (length(head_hash) = 32)
) STRICT, WITHOUT ROWID;
INSERT INTO chains
  SELECT value, 0, zeroblob(32), 0, zeroblob(32) FROM json_each('["intents", "results", "actions"]');
-- When an admin action last told where the chains begin, Unix milliseconds, and the sum of the anchors' sequences then.
ALTER TABLE record_state ADD COLUMN anchors_told_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE record_state ADD COLUMN anchors_told INTEGER NOT NULL DEFAULT 0;
