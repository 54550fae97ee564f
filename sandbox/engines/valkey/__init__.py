"""The store of ``--store``: a Valkey server or cluster, or Redis, in which several processes keep the same worlds.

So far this is the layer between commands and their replies. Only this package knows valkey-py, and it is imported only
where a store is asked for:

========================  ==============================================================
``address``               the text of ``--store``
``checks``                checks at the start, and the load of the library of functions
``client``                pipelines of commands, to one server or to the nodes of a cluster
``courier``, ``lane``     the commands of many calls, which travel together
``subscription``          messages of channels
``watch``                 whether the store is available
``connection``            connections over the sockets on which calls wait
``failures``              errors, and which of them are temporary
``topology``              the nodes of a store, and which of them has a key
========================  ==============================================================
"""
