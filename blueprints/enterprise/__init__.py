"""雩企通: firms at `/enterprise/v1`, the policy offices at `/office/v1/enterprise`."""
