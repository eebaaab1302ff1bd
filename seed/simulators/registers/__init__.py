"""The county's exchange platform and eighteen registers, as a process for development and tests. See README.md."""
