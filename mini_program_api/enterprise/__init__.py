"""What residents do about policies for firms."""
