-- An inventory as schema 1 kept it, with which every later goldkeep goes on.
PRAGMA application_id = 1196116302;
PRAGMA user_version = 1;
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE families (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO families VALUES (1,'web');
CREATE TABLE releases (
  id INTEGER PRIMARY KEY,
  family INTEGER NOT NULL REFERENCES families (id),
  key TEXT NOT NULL,
  version TEXT NOT NULL,
  state TEXT NOT NULL,
  held TEXT,
  created_at INTEGER NOT NULL,
  run TEXT NOT NULL,
  build TEXT,
  builder TEXT,
  fingerprint TEXT,
  intent TEXT,
  revision INTEGER NOT NULL,
  retired INTEGER NOT NULL,
  unfinished INTEGER NOT NULL,
  UNIQUE (family, key),
  UNIQUE (family, run)
) STRICT;
INSERT INTO releases VALUES (1,1,'a1.a0.a0~','1.0.0','retired',NULL,1795178160,'run-0','web','amazon-ebs','00ff',NULL,5,1,1);
INSERT INTO releases VALUES (2,1,'a1.a0.a1~','1.0.1+b7','live','audit',1795181760,'run-1',NULL,NULL,NULL,NULL,2,0,0);
INSERT INTO releases VALUES (3,1,'a1.a1.a0~','1.1.0','live',NULL,1795185360,'run-2',NULL,NULL,NULL,'{"a":[1]}',3,0,1);
CREATE TABLE images (
  id INTEGER PRIMARY KEY,
  release INTEGER NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  provider TEXT,
  location TEXT,
  image TEXT,
  name TEXT,
  architecture TEXT,
  account TEXT,
  bundle TEXT,
  state TEXT NOT NULL,
  UNIQUE (release, position)
) STRICT;
INSERT INTO images VALUES (1,1,0,'aws','us-east-1','ami-00000000','web','arm64','123456789012',NULL,'retired');
INSERT INTO images VALUES (2,2,0,'aws','us-east-1','ami-00000001','web','arm64',NULL,NULL,'live');
INSERT INTO images VALUES (3,2,1,'aws','eu-west-1','ami-00000002','web','arm64',NULL,NULL,'live');
CREATE TABLE snapshots (
  image INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  snapshot TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  PRIMARY KEY (image, position)
) STRICT, WITHOUT ROWID;
INSERT INTO snapshots VALUES (1,0,'snap-0','leftover','in use');
INSERT INTO snapshots VALUES (2,0,'snap-1','live',NULL);
INSERT INTO snapshots VALUES (2,1,'snap-2','live',NULL);
CREATE TABLE channels (
  family INTEGER NOT NULL REFERENCES families (id),
  name TEXT NOT NULL,
  release INTEGER NOT NULL REFERENCES releases (id),
  PRIMARY KEY (family, name)
) STRICT, WITHOUT ROWID;
INSERT INTO channels VALUES (1,'stable',2);
INSERT INTO channels VALUES (1,'latest',3);
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  family INTEGER NOT NULL REFERENCES families (id),
  release INTEGER NOT NULL REFERENCES releases (id),
  at INTEGER NOT NULL,
  actor TEXT,
  action TEXT NOT NULL,
  detail TEXT
) STRICT;
INSERT INTO events VALUES (1,1,1,1795178165,'me@here','allocated',NULL);
INSERT INTO events VALUES (2,1,1,1795178166,'me@here','retired','one line');
INSERT INTO events VALUES (3,1,2,1795181765,'me@here','allocated',NULL);
INSERT INTO events VALUES (4,1,3,1795185365,'me@here','allocated',NULL);
CREATE INDEX releases_alive ON releases (family, key) WHERE retired = 0;
CREATE INDEX releases_unfinished ON releases (family, key) WHERE unfinished = 1;
CREATE INDEX channels_release ON channels (release);
CREATE INDEX events_family ON events (family);
CREATE INDEX events_release ON events (release);
COMMIT;
