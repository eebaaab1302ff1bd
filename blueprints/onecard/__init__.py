"""Cards at the counter and on the phone line; codes at scanners."""
