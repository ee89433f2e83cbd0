"""Text to statements: a lexer and a whitelisted walk; nothing is executed."""
