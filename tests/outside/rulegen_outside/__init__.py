"""One part of each kind, from outside of rulegen."""
