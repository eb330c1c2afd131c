"""How fast the bridge is, beside yardsticks measured in the same run: `make bench`, or `python -m tests.bench`.

Not tests: nothing here judges a figure. docs/performance.md says how each one is made and how to read it.
"""
