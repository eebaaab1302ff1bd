"""The document store: connection, transactions, guarded updates, paging."""
