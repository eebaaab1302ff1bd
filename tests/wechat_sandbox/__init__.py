"""The WeChat sandbox, held against the published protocols."""
