"""Real servers from wheels, for a fresh machine and for tests: `mongod` as a one-node replica set, `redis-server`."""
