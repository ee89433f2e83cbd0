"""`python -m rulegen`."""

from rulegen.commands.start import main

main()
