"""The county's exchange platform and six base registers, as a process for development and tests. See README.md."""
