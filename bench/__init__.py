"""Benchmarks against floors: `python -m bench`, or `B=booking python -m bench` for one of them."""
