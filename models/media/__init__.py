"""Files: what people and staff upload."""
