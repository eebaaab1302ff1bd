"""The card centre, as a process for development and tests. See README.md."""
