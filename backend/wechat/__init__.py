"""Adapters for WeChat and WeChat Pay: plain values in, small dataclasses out, one tree of errors."""
