-- The deny list in the order of denying, so that it can be listed in pages.
CREATE TABLE denied_2 (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  reason TEXT NOT NULL,
  reason_code TEXT NOT NULL,             -- name of the CRLReason (RFC 5280 §5.3.1) of certificates revoked with it
  at INTEGER NOT NULL,                   -- Unix milliseconds
  actor TEXT NOT NULL,
  not_after INTEGER,                     -- Unix seconds: end of the certificate of a serial; NULL: stays until removed
  settled INTEGER NOT NULL CHECK (settled IN (0, 1)), -- 1: every certificate that it concerned is in revoked
  UNIQUE (kind, value)
) STRICT;
INSERT INTO denied_2 (kind, value, reason, reason_code, at, actor, not_after, settled)
  SELECT kind, value, reason, 'unspecified', at, actor, NULL, 0 FROM denied ORDER BY at, kind, value;
DROP TABLE denied;
ALTER TABLE denied_2 RENAME TO denied;
CREATE INDEX denied_unsettled ON denied (number) WHERE settled = 0;
CREATE INDEX denied_by_end ON denied (not_after) WHERE not_after IS NOT NULL;

-- Certificates that were revoked; a row goes a day after its certificate has ended.
CREATE TABLE revoked (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  serial BLOB NOT NULL UNIQUE CHECK (length(serial) = 16),
  authority TEXT NOT NULL,
  not_after INTEGER NOT NULL,            -- Unix seconds
  revoked_at INTEGER NOT NULL,           -- Unix seconds
  reason TEXT NOT NULL                   -- name of the CRLReason
) STRICT;
CREATE INDEX revoked_by_end ON revoked (not_after);

-- The last CRL of each authority.
CREATE TABLE crls (
  authority TEXT PRIMARY KEY,
  number INTEGER NOT NULL,               -- CRL number (RFC 5280 §5.2.3)
  this_update INTEGER NOT NULL,          -- Unix seconds
  next_update INTEGER NOT NULL,          -- Unix seconds
  entries INTEGER NOT NULL,
  mark INTEGER NOT NULL,                 -- what it knew of; see src/ca/crl/crl.ts
  der BLOB NOT NULL
) STRICT;
