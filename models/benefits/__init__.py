"""Benefits paid to the card: items, batches and their lines, checks, publicity, payment."""
