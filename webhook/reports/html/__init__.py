"""The audit as one HTML file that needs nothing else, and asks nobody for anything.

Strangers write labels, names and messages: they reach the page as text and never as markup, a
script or a style. What is counted and said is decided in Python; the script only shows it.
"""

from webhook.reports.html.render import render_html

__all__ = ["render_html"]
