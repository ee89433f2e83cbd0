"""`python -m rulegen`."""

from rulegen.commands.cli import main

main()
