"""Cases: what the county owes an answer to, step by step, against a clock."""
