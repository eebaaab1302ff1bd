"""Who people are: persons, accounts, staff, devices, consent."""
