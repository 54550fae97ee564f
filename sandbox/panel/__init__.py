"""The panel: the page at ``/__admin/``, which uses only the control API."""
