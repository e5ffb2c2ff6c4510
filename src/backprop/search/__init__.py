"""Estimates of the gradient without back-propagation."""
