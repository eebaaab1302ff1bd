"""雩企通: the file of each firm, policies as rules, runs that find the firms of a policy, offers within its budget."""
