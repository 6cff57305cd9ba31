"""Setting the shop up and running it; `run.py` is the command."""
