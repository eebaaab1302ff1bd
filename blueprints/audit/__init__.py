"""The audit, read by the auditor."""
