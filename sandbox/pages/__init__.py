"""The pages for people besides the panel: ``/``, ``/docs``, and errors as a browser shows them."""
