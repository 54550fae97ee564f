"""The limit on open files, of which each connection is one."""

import resource


def raise_open_file_limit(count: int) -> None:
    """Let this process have ``count`` files open, or as many as the system allows. Never lowers the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
