"""Gradients estimated from losses alone, without back-propagation."""
