"""The calls under /sandbox/ that play the user, the bank and the bad luck."""
