"""Lives: circuits that learn a task by a rule, alone, many, and on a bench."""
