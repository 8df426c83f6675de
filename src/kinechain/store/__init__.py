"""The database: tables, migrations, functions from values to rows and back; no web and no rules of care."""
