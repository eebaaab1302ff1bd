"""The elder's 360° health view: facts from everywhere, what they mean, and alerts that end only with an outcome."""
