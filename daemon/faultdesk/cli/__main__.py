"""python -m faultdesk.cli."""

from faultdesk.cli import main

main()
