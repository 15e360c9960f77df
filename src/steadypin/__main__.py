"""`python -m steadypin`."""

from steadypin.cli.entry import main

if __name__ == "__main__":
    main()
