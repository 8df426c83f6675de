"""The verbs of the command line as JSON, under ``/api``."""
