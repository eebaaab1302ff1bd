"""A bank that pays lists of subsidies to accounts (代发), as a process for development and tests. See README.md."""
