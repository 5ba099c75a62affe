"""Wires the apps together: settings, urls, Celery, browser policy. The apps never import it.

Nothing is imported here: `config.launcher` must load on a bare Python, before the environment exists.
"""
