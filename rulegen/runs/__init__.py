"""What people ask for: discover, sweep, simulate, compare, check."""
