"""HTTP/1.1 on the wire: connections parsed by llhttp over gevent's loop, for one WSGI application."""
