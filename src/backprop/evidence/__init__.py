"""From measurements to statements: statistics, verdicts on claims, and the formatting of numbers."""
