"""The workspace in a browser: pages for clinicians and patients, and the same verbs as JSON."""
