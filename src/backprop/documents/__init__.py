"""The report and the assignment, rendered from templates and saved results."""
