"""Records: what is known of a rule, on disk."""
