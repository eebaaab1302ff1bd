"""HTTP for logged-in residents and tourists, `/mini/v1`."""
