"""One folder per experiment; each reads top to bottom beside the paper."""
