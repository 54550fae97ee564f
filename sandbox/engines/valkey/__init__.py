"""The engine of ``--store``: sandboxes in Valkey or Redis, which several processes share.

A sandbox is a log of changes. A worker has copies of those that it has served, which follow their logs. Only this
package knows valkey-py, and it is imported only where a store is asked for:

========================  ==============================================================
``engine``                checks at the start
``worker_connection``     the parts of a worker's connection, and its background work
``identity``              what all servers on a store agree on
``fleet``                 the sandboxes of the store
``new_worlds``            how a sandbox begins
``register``, ``expiry``  the list of them, and the time after which unused ones are gone
``keeper``                keys of used worlds are prolonged
``copies``, ``slot``      the copies of a worker, and the place of each
``following``, ``world``  a copy, which follows its log, and in which calls write
``optimism``              calls that begin without asking for changes
``journal``               the calls of a sandbox
``server_rules``          the rules that apply in every sandbox
``log``, ``log_length``   the log of a sandbox, with ``functions.lua``, and when a checkpoint takes its place
``continuation``          the rules of a copy that takes over a newer checkpoint
``feed``                  the calls that all workers record, for streams
``unsent``                calls that are recorded once the store is available again
``sources``               the scenarios in which sandboxes have begun
``change_codec``          changes as bytes, with ``contents_codec``, ``state_codec`` and others
``label_codec``           the labels of sandboxes as text
``keys``, ``format``      the names of keys, and the version of what is in them
``store``, ``turn``       what the sandboxes of a worker share, and how writes wait for each other
``address``               the text of ``--store``
``checks``                checks at the start, and the load of the library of functions
``client``                pipelines of commands, to one server or to the nodes of a cluster
``courier``, ``lane``     the commands of many calls, which travel together in a ``trip``
``subscription``          messages of channels
``inbox``                 what a worker does because of the messages of others
``watch``                 whether the store is available
``connection``, ``pool``  connections over the sockets on which calls wait
``failures``              errors, and which of them are temporary
``topology``              the nodes of a store, and which of them has a key
========================  ==============================================================
"""
