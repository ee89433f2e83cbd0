"""From a record to its claims: what a card says, held against lives."""
