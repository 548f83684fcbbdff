-- Mesh resources, validated before they are stored. `number` only gives the order of reading at start.
CREATE TABLE resources (
  number INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  api_version TEXT NOT NULL,
  labels TEXT,                           -- JSON object; NULL: it has none
  annotations TEXT,                      -- JSON object; NULL: it has none
  created_at TEXT NOT NULL,              -- RFC 3339, given at the first storing and kept by updates
  spec TEXT NOT NULL,                    -- JSON object
  version INTEGER NOT NULL,              -- version of the set that brought this state of the object
  owner TEXT,                            -- the watched directory that it comes from; NULL: somebody applied it
  UNIQUE (kind, namespace, name)
) STRICT;

-- Grows by one with each transaction that changes resources.
CREATE TABLE resource_state (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL) STRICT;
INSERT INTO resource_state VALUES (1, 0);
