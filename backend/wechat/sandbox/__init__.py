"""A server on loopback that speaks the real WeChat mini-program and WeChat Pay v3 protocols."""
