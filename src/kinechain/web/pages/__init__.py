"""One module per page: its handlers, what its template is given, and nothing that decides."""
