"""Concurrent clients: no write is lost with one token, and tokens are isolated from each other."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import requests

from tests.live.server import Server

CLIENTS = 8
EACH = 50


def list_ids(server: Server, token: str, group: str) -> list[str]:
    """Return the ids of all conversations of ``group``, reading all pages."""
    found: list[str] = []
    with httpx.Client(base_url=server.address, headers={"Authorization": f"Bearer {token}"}) as client:
        while True:
            query = {"limit": "100", "group_id": group} | ({"starting_after": found[-1]} if found else {})
            page = client.get("/v1/conversations", params=query).json()
            found += [conversation["id"] for conversation in page["data"]]
            if not page["has_more"]:
                return found


def test_parallel_creates_are_all_stored(server: Server, token: str) -> None:
    def create_many(number: int) -> list[str]:
        made = []
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {token}"
            for index in range(EACH):
                answer = session.post(
                    f"{server.address}/v1/conversations",
                    data={"group_id": "parallel", "contact_id": f"c-{number}-{index}"},
                    timeout=30,
                )
                assert answer.status_code == 201
                assert answer.json()["contact_id"] == f"c-{number}-{index}"
                made.append(answer.json()["id"])
        return made

    with ThreadPoolExecutor(CLIENTS) as pool:
        made = [one for many in pool.map(create_many, range(CLIENTS)) for one in many]
    assert len(set(made)) == CLIENTS * EACH
    assert sorted(list_ids(server, token, "parallel")) == sorted(made)


def test_parallel_updates_keep_all_attributes(server: Server, token: str) -> None:
    url = f"{server.address}/v1/conversations/xgQQXg3hrtjh7AvZ"
    headers = {"Authorization": f"Bearer {token}"}
    changes = [{"is_muted": "true"}, {"is_pinned": "true"}, {"pinned_message_id": "m"}, {"archived_at": "5"}]

    def change(data: dict[str, str]) -> int:
        return httpx.put(url, data=data, headers=headers).status_code

    with ThreadPoolExecutor(len(changes)) as pool:
        assert set(pool.map(change, changes * 10)) == {200}
    now = httpx.get(url, headers=headers).json()
    assert (now["is_muted"], now["is_pinned"], now["pinned_message_id"], now["archived_at"]) == (
        True,
        True,
        "m",
        5,
    )


def test_parallel_tokens_are_isolated(server: Server, token: str) -> None:
    def create_one(number: int) -> tuple[str, list[str]]:
        own = f"{token}-{number}"
        with httpx.Client(base_url=server.address, headers={"Authorization": f"Bearer {own}"}) as client:
            for _ in range(10):
                client.post("/v1/conversations", data={"group_id": own})
        return own, list_ids(server, own, own)

    with ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(create_one, range(CLIENTS)))
    for own, found in done:
        assert len(found) == 10
        for other, _ in done:
            if other != own:
                assert list_ids(server, own, other) == []
