"""The county's exchange platform and eleven registers, as a process for development and tests. See README.md."""
