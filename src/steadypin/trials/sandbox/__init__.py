"""Scratch environments and working copies: the only places in which trials happen. Never the user's own."""
