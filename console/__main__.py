"""`python -m console` is the `socketscope` command."""

from console.cli import main

main()
