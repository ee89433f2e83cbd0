"""Runs as they go, seen from outside: nothing but their histories is read."""
