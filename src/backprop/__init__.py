"""A reproduction of Rumelhart, Hinton & Williams (1986), with thousands of networks where the paper shows one."""
