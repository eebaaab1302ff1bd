"""Staff: login, invitations, accounts."""
