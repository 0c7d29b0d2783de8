"""Simulates the cell-loading station of a battery-pack plant."""
