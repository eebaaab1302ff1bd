"""What comes in as a file: checked by its bytes, made harmless, before anything else reads it."""
