"""`python -m cellpick` is the command `cellpick`."""

from cellpick.cli import main

main()
