"""Run the project's test command in a scratch environment and say what came of it."""
