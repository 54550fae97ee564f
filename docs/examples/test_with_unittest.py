"""Tests with unittest: one server for a class, a sandbox for each test."""

import unittest

from client import Conversations

from protocol_sandbox import Server


class CreateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server = cls.enterClassContext(Server(scenario="blank"))

    def setUp(self) -> None:
        self.sandbox = self.server.world()
        self.conversations = Conversations(self.sandbox.token, f"{self.sandbox.url}/v1")

    def test_create_is_tried_again(self) -> None:
        self.sandbox.fail("createConversation", status=503, times=2)
        self.conversations.create("WAz8eIbvDR60rouK")
        self.sandbox.received("createConversation", times=3)

    def test_sandbox_begins_empty(self) -> None:
        self.assertEqual(self.conversations.list(), [])


if __name__ == "__main__":
    unittest.main()
