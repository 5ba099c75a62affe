"""Everything that has to run before Django can: the environment, the embedded servers, the `dev` and `test` commands.

Standard library only, because it runs on the system's Python before any dependency is installed.
"""
