"""Outside systems that are particular to this county, each a process of its own that imports nothing of the product."""
