"""Training thousands of small networks at once: the equations of the paper, compiled and in torch."""
