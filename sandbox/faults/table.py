"""The tables of all faults and delays. Validation, OpenAPI and the README follow from them."""

from sandbox.faults.delay import Delay
from sandbox.faults.delays.dribble import Dribble
from sandbox.faults.delays.fixed import Fixed
from sandbox.faults.delays.lognormal import Lognormal
from sandbox.faults.delays.uniform import Uniform
from sandbox.faults.fault import Fault
from sandbox.faults.kinds.connection_reset import ConnectionReset
from sandbox.faults.kinds.empty_response import EmptyResponse
from sandbox.faults.kinds.hang import Hang
from sandbox.faults.kinds.malformed_chunk import MalformedChunk
from sandbox.faults.kinds.malformed_json import MalformedJson
from sandbox.faults.kinds.random_data import RandomData
from sandbox.faults.kinds.rate_limit import RateLimit
from sandbox.faults.kinds.status import Status
from sandbox.faults.kinds.truncate import Truncate
from sandbox.faults.kinds.wrong_content_type import WrongContentType

FAULTS: dict[str, type[Fault]] = {
    kind.type: kind
    for kind in (
        Status,
        RateLimit,
        MalformedJson,
        WrongContentType,
        Truncate,
        Hang,
        EmptyResponse,
        MalformedChunk,
        RandomData,
        ConnectionReset,
    )
}

DELAYS: dict[str, type[Delay]] = {kind.type: kind for kind in (Fixed, Uniform, Lognormal, Dribble)}
