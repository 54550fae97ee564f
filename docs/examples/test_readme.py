from client import Conversations

from protocol_sandbox import Sandbox


def test_create_is_tried_again(sandbox: Sandbox) -> None:
    sandbox.fail("createConversation", status=503, times=2)
    client = Conversations(sandbox.token, base_url=f"{sandbox.url}/v1")
    assert client.create("WAz8eIbvDR60rouK")["contact_id"] == "WAz8eIbvDR60rouK"
    sandbox.received("createConversation", times=3)
