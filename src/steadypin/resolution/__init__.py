"""Resolvers, run as commands; their output parsed into a Resolution."""
