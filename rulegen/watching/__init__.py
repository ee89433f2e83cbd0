"""Runs as they go, seen from outside: nothing but what lies in their folders is read."""
