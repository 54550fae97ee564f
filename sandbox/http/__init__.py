"""An HTTP/1.1 server for one WSGI application: parsed by llhttp, running on gevent's loop."""
