"""Terms: which of them earn their place."""
